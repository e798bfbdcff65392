"""TinyTroupe in a process of its own: turns come in as JSON lines, and what the agents did goes out.

Run by path, in the Python that has the library, which need not be ours: nothing of Rehearsal is imported here. The
library's OpenAI client speaks through the same pipe (`PipeTransport`), so it can reach nobody but the parent; sockets
are refused besides. An agent lives for one turn: the library keeps every agent it made, by name, and two people may
have the same name.
"""

import json
import os
import re
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import metadata
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

AT_ONCE = 64
LONGEST_REASON = 500
NETWORK = frozenset({"socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.sendmsg"})
METHODS = {
    "CONVERSATION": "listen",
    "SOCIAL": "socialize",
    "VISUAL": "see",
    "THOUGHT": "think",
    "INTERNAL_GOAL_FORMULATION": "internalize_goal",
}
INWARD = frozenset({"THOUGHT", "INTERNAL_GOAL_FORMULATION"})
"""What comes from the agent itself; everything else has a source."""
Line = dict[str, Any]
current = threading.local()
"""The number of the turn that a thread is at."""


class FailedError(BaseException):
    """The turn has failed. No `Exception`: the library would swallow that and ask the model up to 25 times more."""


class Pipe:
    """The line to the parent: what is asked of it, and what it answers."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "wb")
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the library prints
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._waiting: dict[int, Future[Line]] = {}

    def send(self, kind: str, **fields: object) -> None:
        """One line to the parent."""
        line = json.dumps({"kind": kind, **fields}).encode() + b"\n"
        with self._lock:
            self._out.write(line)
            self._out.flush()

    def call(self, path: str, body: Line) -> Line:
        """Have the parent make a request for the turn of this thread, and wait for what comes of it."""
        number = next(self._numbers)
        answer: Future[Line] = Future()
        self._waiting[number] = answer
        self.send("call", number=number, turn=current.turn, path=path, body=body)
        return answer.result()

    def answered(self, line: Line) -> None:
        """An answer came in."""
        self._waiting.pop(line["number"]).set_result(line)


def examine() -> Line:
    """What of TinyTroupe is here, without importing it. The package of that name on PyPI has no agents."""
    try:
        version = metadata.version("tinytroupe")
    except metadata.PackageNotFoundError:
        version = None
    spec = find_spec("tinytroupe")
    folders = list(spec.submodule_search_locations or []) if spec is not None else []
    has_agents = any((Path(folder) / "agent" / "tiny_person.py").is_file() for folder in folders)
    return {"is_there": spec is not None, "version": version, "has_agents": has_agents}


def forbid_sockets() -> None:
    """Whatever a library of the library has in mind, nothing leaves but through the pipe."""

    def hook(event: str, _arguments: object) -> None:
        if event in NETWORK:
            raise PermissionError("this process may not use the network")

    sys.addaudithook(hook)


def load(pipe: Pipe) -> "Stage":
    """Import the library, which takes seconds, and let its client speak through the pipe."""
    import httpx
    import openai
    from llama_index.core import MockEmbedding, Settings
    from tinytroupe.agent import CustomMentalFaculty, TinyPerson
    from tinytroupe.clients import OpenAIClient, register_client

    class PipeTransport(httpx.BaseTransport):
        """HTTP whose other end is the parent."""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            answer = pipe.call(request.url.path, json.loads(request.read()))
            if answer["failure"] is not None:
                raise FailedError(answer["failure"])
            return httpx.Response(200, json=answer["body"], request=request)

    client: Any = httpx.Client(transport=PipeTransport(), trust_env=False)
    connection = openai.OpenAI(api_key="unused", base_url="http://models/v1", max_retries=0, http_client=client)

    class Client(OpenAIClient):  # type: ignore[misc]
        """The library's client, with one connection instead of a new one for each call, and failing at once."""

        def _setup_from_config(self, timeout: float | None = None) -> None:
            self.client = connection

        def _is_reasoning_model(self, model: str) -> bool:
            return False  # the library's way with them ends in a KeyError, and they are the models service's business

        def _count_tokens(self, messages: list[Line], model: str) -> None:
            """For the log only, and it would download a vocabulary."""

        def _raw_model_call(self, model: str, chat_api_params: Line) -> Any:
            try:
                return super()._raw_model_call(model, chat_api_params)
            except Exception as error:
                raise FailedError(f"TinyTroupe cannot read the reply: {error}") from error

    register_client("openai", Client())
    Settings.embed_model = MockEmbedding(embed_dim=8)  # the one it comes with asks api.openai.com
    TinyPerson.communication_display = False
    return Stage(pipe, TinyPerson, CustomMentalFaculty)


class Stage:
    """Takes turns, as many at once as there are threads."""

    def __init__(self, pipe: Pipe, person: Any, faculty: Any) -> None:
        self._pipe = pipe
        self._person = person
        self._faculty = faculty
        self._registry = threading.Lock()
        self._template: frozenset[str] | None = None

    def take(self, turn: Line) -> None:
        """One turn, from what the agent remembers to what it does."""
        current.turn = turn["turn"]
        try:
            done = self._act(turn)
        except FailedError as failure:
            self._pipe.send("failed", turn=current.turn, reason=str(failure)[:LONGEST_REASON])
        except Exception as error:
            self._pipe.send("failed", turn=current.turn, reason=f"TinyTroupe failed: {error!r}"[:LONGEST_REASON])
        else:
            self._pipe.send("done", turn=current.turn, **done)

    def _act(self, turn: Line) -> Line:
        agent = self._agent(turn["name"], turn["persona"])
        if turn["tools"]:
            agent.add_mental_faculties([self._faculty("Tools", actions_configs=turn["tools"])])
        for item in turn["memory"]:
            agent.episodic_memory.store(item)
        for stimulus in turn["stimuli"]:
            source = {} if stimulus["type"] in INWARD else {"source": SimpleNamespace(name=stimulus["source"])}
            getattr(agent, METHODS[stimulus["type"]])(stimulus["content"], **source)
        contents = agent.act(return_actions=True)
        actions = [content["action"] for content in contents]
        return {"actions": actions, "cognitive_state": contents[-1]["cognitive_state"] if contents else {}}

    def _agent(self, name: str, persona: Line) -> Any:
        with self._registry:
            agent = self._person(name)
            self._person.all_agents.clear()
        agent.include_persona_definitions(self._only_described(agent, persona))
        return agent

    def _only_described(self, agent: Any, persona: Line) -> Line:
        """The persona without fields that the prompt's template would print among the instructions; they become facts.

        The library fills its template from the persona, so `{"goals": "…"}` would be a goal set by the platform.
        """
        if self._template is None:
            text = Path(agent._prompt_template_path).read_text(encoding="utf-8")
            self._template = frozenset(re.findall(r"\{\{[{#^/&]?\s*(\w+)", text)) - {"name"}
        described = {key: value for key, value in persona.items() if key not in self._template}
        others = {key: value for key, value in persona.items() if key in self._template}
        if others:
            facts = described.get("other_facts") or []
            described["other_facts"] = [*(facts if isinstance(facts, list) else [facts]), others]
        return described


def main() -> None:
    """Serve until the parent closes the pipe."""
    pipe = Pipe()
    if sys.argv[1:] == ["examine"]:
        pipe.send("examined", **examine())
        return
    forbid_sockets()
    try:
        stage = load(pipe)
    except Exception as error:
        pipe.send("broken", reason=f"{type(error).__name__}: {error}"[:LONGEST_REASON])
        return
    pipe.send("ready")
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for text in sys.stdin.buffer:
            line = json.loads(text)
            if line["kind"] == "turn":
                threads.submit(stage.take, line)
            else:
                pipe.answered(line)
        os._exit(0)  # the parent is gone, and with it whoever the threads still wait for


if __name__ == "__main__":
    main()
