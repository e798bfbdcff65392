"""TinyTroupe as its own examples use it, measured: `python tinytroupe_side.py SCENARIO` where the library is.

A description of the work comes as JSON on standard input, the measurements leave as JSON. Each scenario is a process of
its own, because the library's state is global. The library is as it ships but for three things that favour it: it does
not wait a second before each call, it does not limit the calls in flight to four, and it counts no tokens for its log,
for which it would need a vocabulary from the network.
"""

import json
import os
import resource
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

CONFIG = """
[OpenAI]
MODEL=bench-model
MAX_COMPLETION_TOKENS=4000
TIMEOUT=600
WAITING_TIME=0
MAX_CONCURRENT_MODEL_CALLS=NONE
[Logging]
LOGLEVEL=ERROR
LOGLEVEL_CONSOLE=NONE
LOGLEVEL_FILE=NONE
"""
Work = dict[str, Any]
Measured = dict[str, float]


def prepare(endpoint: str) -> None:
    """Import the library in an empty folder with our configuration, speaking to the stub."""
    folder = tempfile.mkdtemp(prefix="tinytroupe-")
    os.chdir(folder)
    Path("config.ini").write_text(CONFIG)
    os.environ |= {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": endpoint, "OPENAI_API_BASE": endpoint}
    from tinytroupe.agent import TinyPerson
    from tinytroupe.clients import OpenAIClient
    from tinytroupe.environment import TinyWorld

    OpenAIClient._count_tokens = lambda *_: 0
    TinyPerson.communication_display = False
    TinyWorld.communication_display = False


def crowd(personas: list[dict[str, Any]]) -> tuple[Any, list[Any]]:
    """People in a survey: nobody hears the others."""
    from tinytroupe.agent import TinyPerson
    from tinytroupe.environment import TinyWorld

    people = []
    for place, persona in enumerate(personas):
        person = TinyPerson(f"{persona['name']} {place}")
        person.include_persona_definitions({key: value for key, value in persona.items() if key != "name"})
        people.append(person)
    return TinyWorld(f"survey of {len(people)}", people, broadcast_if_no_target=False), people


def ask(world: Any, question: str) -> None:
    """Everybody hears it and takes one turn, in the library's own threads."""
    world.broadcast(question)
    world.run(1)


def extract(people: list[Any], question: str) -> list[Any]:
    """The library's extraction of one answer from each."""
    from tinytroupe.extraction import ResultsExtractor

    extractor = ResultsExtractor(
        extraction_objective=f"Find the answer to: {question}",
        fields=["answer"],
        fields_hints={"answer": "A whole number from 1 to 10."},
    )
    found: list[Any] = extractor.extract_results_from_agents(people)
    return found


def answers(work: Work) -> Measured:
    """A few people, some questions after each other, an answer extracted after each: what an answer costs in calls."""
    world, people = crowd(work["personas"])
    asked = {"calls": 0, "prompt_tokens": 0}
    before = counts(work["endpoint"])
    for question in work["questions"]:
        start = counts(work["endpoint"])
        ask(world, question)
        after = counts(work["endpoint"])
        for name in asked:
            asked[name] += after[name] - start[name]
        extract(people, question)
    spent = counts(work["endpoint"])
    number = len(people) * len(work["questions"])
    return {
        "answers": number,
        "calls_per_answer": (spent["calls"] - before["calls"]) / number,
        "prompt_tokens_per_answer": (spent["prompt_tokens"] - before["prompt_tokens"]) / number,
        "prompt_tokens_per_call": asked["prompt_tokens"] / asked["calls"],
    }


def survey(work: Work) -> Measured:
    """Everybody asked once; nothing extracted. One person before, for what is imported and made only then."""
    from tinytroupe.agent import TinyPerson

    ask(crowd(work["personas"][:1])[0], work["questions"][0])
    TinyPerson.clear_agents()
    empty = resident_bytes()
    world, people = crowd(work["personas"])
    started, cpu = time.perf_counter(), cpu_s()
    ask(world, work["questions"][0])
    wall, used = time.perf_counter() - started, cpu_s() - cpu
    acted = sum(any(item["type"] == "action" for item in person.episodic_memory.retrieve_all()) for person in people)
    return {
        "people": len(people),
        "acted": acted,
        "wall_s": wall,
        "cpu_ms_per_turn": used * 1_000 / len(people),
        "kb_per_agent": (resident_bytes() - empty) / 1_024 / len(people),
    }


def people(work: Work) -> Measured:
    """People made by the library's factory from a demography, then asked, then extracted."""
    from tinytroupe.environment import TinyWorld
    from tinytroupe.factory import TinyPersonFactory

    started = time.perf_counter()
    factory = TinyPersonFactory.create_factory_from_demography(work["demography"], population_size=work["people"])
    made = factory.generate_people(work["people"])
    generated = time.perf_counter()
    ask(TinyWorld("survey", made, broadcast_if_no_target=False), work["questions"][0])
    asked = time.perf_counter()
    found = extract(made, work["questions"][0])
    ended = time.perf_counter()
    return {
        "people": len(made),
        "extracted": sum(bool(one) for one in found),
        "generate_s": generated - started,
        "ask_s": asked - generated,
        "extract_s": ended - asked,
        "wall_s": ended - started,
    }


def checkpoint(work: Work) -> Measured:
    """The file that the library's simulation control leaves after everybody was asked once."""
    from tinytroupe import control

    file = Path("checkpoint.json")
    control.begin(str(file))
    world, everybody = crowd(work["personas"])
    ask(world, work["questions"][0])
    started = time.perf_counter()
    control.checkpoint()
    taken = time.perf_counter() - started
    size = file.stat().st_size
    file.unlink()
    return {"people": len(everybody), "bytes": size, "wall_s": taken}


def counts(endpoint: str) -> dict[str, int]:
    """What the stub has counted."""
    with urllib.request.urlopen(f"{endpoint}/counts") as answer:
        found: dict[str, int] = json.load(answer)
    return found


def cpu_s() -> float:
    """CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident_bytes() -> int:
    """Resident memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


SCENARIOS: dict[str, Callable[[Work], Measured]] = {
    scenario.__name__: scenario for scenario in (answers, survey, people, checkpoint)
}


def main() -> None:
    """Run one scenario."""
    output = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the library prints
    work = json.load(sys.stdin)
    prepare(work["endpoint"])
    json.dump(SCENARIOS[sys.argv[1]](work), output)
    output.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
