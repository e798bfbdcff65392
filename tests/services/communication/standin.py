"""A Python with a stand-in for TinyTroupe: the names that the child needs of the real one, and agents that misbehave.

It stands for a library that is not ours and that most machines lack. What the real one does is in `test_engines.py`.
"""

import sysconfig
import venv
from pathlib import Path

CLIENTS = """
class OpenAIClient:
    def send_message(self, messages, response_format=None):
        self._setup_from_config()
        request = {"model": "gpt-5-mini", "messages": messages}
        if response_format is not None:
            request["response_format"] = response_format
        return self._raw_model_call("gpt-5-mini", request)

    def _raw_model_call(self, model, chat_api_params):
        return self.client.chat.completions.parse(**chat_api_params).choices[0].message.parsed

def register_client(api_type, client):
    global registered
    registered = client

def client():
    return registered
"""

AGENT = """
import json, os, socket, threading
from types import SimpleNamespace
from pydantic import BaseModel
from tinytroupe import clients

class Actions(BaseModel):
    actions: list[dict[str, str]]
    cognitive_state: dict[str, str]

class CustomMentalFaculty:
    pass

class TinyPerson:
    all_agents = {}
    communication_display = True

    def __init__(self, name):
        if name in self.all_agents:
            raise ValueError(f"Agent name {name} is already in use.")
        self.all_agents[name] = self
        self.persona = {"name": name}
        self.episodic_memory = SimpleNamespace(store=lambda item: None)
        self._prompt_template_path = __file__

    def include_persona_definitions(self, persona):
        self.persona |= persona

    def listen(self, content, source=None):
        self.heard = content

    def act(self, return_actions):
        does = self.persona.get("does", "act")
        if does == "crash":
            os._exit(3)
        if does == "connect":
            socket.create_connection(("127.0.0.1", 9))
        if does == "embed":
            clients.client()._setup_from_config()
            clients.client().client.embeddings.create(model="m", input="secret")
        if does == "write":
            clients.client().send_message([{"role": "user", "content": "Tell me."}])
        print("this must not disturb the pipe")
        for _ in range(20 if does == "ask" else 1):
            message = [{"role": "user", "content": f"{self.persona['name']} {self.heard}"}]
            said = clients.client().send_message(message, Actions)
        shown = {"pid": os.getpid(), "environment": sorted(os.environ), "agents": len(self.all_agents)}
        actions = [*said.actions, {"type": "THINK", "content": json.dumps(shown), "target": ""}]
        return [{"action": action, "cognitive_state": said.cognitive_state} for action in actions]
"""

LLAMA = """
from types import SimpleNamespace
Settings = SimpleNamespace()
MockEmbedding = dict
"""
PLACEHOLDER = {"tinytroupe/__init__.py": "print('You are NOT importing the actual TinyTroupe library!')\n"}
LIBRARY = {
    "tinytroupe/__init__.py": "print('DISCLAIMER')\n",
    "tinytroupe/agent/__init__.py": "from tinytroupe.agent.tiny_person import CustomMentalFaculty, TinyPerson\n",
    "tinytroupe/agent/tiny_person.py": AGENT,
    "tinytroupe/clients.py": CLIENTS,
    "llama_index/core.py": LLAMA,
}


def python_with(folder: Path, files: dict[str, str], version: str | None) -> str:
    """A virtual environment with these files, our dependencies, and metadata that claims a version of TinyTroupe."""
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    for name, text in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    if version is not None:
        metadata = site / f"tinytroupe-{version}.dist-info" / "METADATA"
        metadata.parent.mkdir()
        metadata.write_text(f"Metadata-Version: 2.1\nName: tinytroupe\nVersion: {version}\n")
    return str(folder / "bin" / "python")
