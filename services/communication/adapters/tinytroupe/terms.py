"""Our terms and TinyTroupe's: what an agent remembers and meets, in its words; what an agent did, in ours.

The library prints memories line by line into its prompt. Whatever did not come from us is one line of JSON here, so no
text can begin a line of its own there and pass for another memory or for an instruction.
"""

from collections.abc import Iterator, Sequence

from libs.contracts.base import JsonObject
from libs.contracts.instruments import Instrument
from libs.contracts.people import Agent
from libs.contracts.protocol import Stimulus, StimulusKind
from libs.minds.blocks import canonical
from libs.minds.memory import Heard, Memory
from libs.minds.options import OptionOrders
from libs.minds.reply import json_of
from libs.minds.text import plain
from libs.minds.tools import Toolbox

STIMULI = {
    StimulusKind.CONVERSATION: "CONVERSATION",
    StimulusKind.VISUAL: "VISUAL",
    StimulusKind.THOUGHT: "THOUGHT",
    StimulusKind.GOAL: "INTERNAL_GOAL_FORMULATION",
    StimulusKind.SOCIAL: "SOCIAL",
}
ASKING = "You are asked these questions; say your answer to each of them, by its type:"
REMEMBERED, ANSWERED, PRESENT = "What I remember:", "What I answered:", "These people are here:"
LONGEST_NAME = 120


def person_of(agent: Agent) -> JsonObject:
    """Who takes the turn. The library wants the name twice, the same."""
    name = _line(agent.persona.get("name") or agent.name)
    return {"name": name, "persona": agent.persona | {"name": name}}


def actions_of(tools: Toolbox) -> JsonObject:
    """What tools add to the actions of an agent, as the library describes a faculty."""
    return {
        action.type: {"description": f"{tool.instruction} It {action.instruction}."}
        for tool in tools.tools
        for action in tool.actions
    }


def memory_of(memory: Memory) -> list[JsonObject]:
    """What an agent has in mind, as items of the library's episodic memory: what lasts first, then episodes."""
    known = [{"round": item["last"], "text": item["text"]} for item in (*memory.semantic, *memory.recalled)]
    lasting = [_remembered(_stimulus("THOUGHT", f"{REMEMBERED} {canonical(known)}"))] if known else []
    return [*lasting, *(item for episode in memory.episodes for item in _items(episode))]


def stimuli_of(
    stimulus: Stimulus | None,
    instruments: Sequence[Instrument],
    orders: OptionOrders,
    heard: Sequence[Heard],
    present: Sequence[str],
) -> list[JsonObject]:
    """What an agent perceives in a turn, in order: who is there, what they said, the stimulus, the questions."""
    found = [_stimulus("SOCIAL", f"{PRESENT} {canonical(list(present))}")] if present else []
    found += [_heard(item) for item in heard]
    if stimulus is not None:
        found.append(_met(stimulus.model_dump(mode="json")))
    if instruments:
        questions = [question_of(instrument, orders) for instrument in instruments]
        found.append(_stimulus("CONVERSATION", f"{ASKING} {canonical(questions)}"))
    return found


def question_of(instrument: Instrument, orders: OptionOrders) -> JsonObject:
    """A question as a person is asked it: without names and roles, which are the study's."""
    asked = instrument.model_dump(mode="json", include={"type", "question", "minimum", "maximum"}, exclude_none=True)
    return asked | ({"options": list(orders[instrument.name])} if instrument.name in orders else {})


def content_of(acted: JsonObject, extracted: str | None) -> str:
    """The turn as `turn_schema` has it. `extracted` is a model's reply; raises `ValueError` if it is no JSON."""
    found = json_of(extracted) if extracted is not None else {}
    answered = found if isinstance(found, dict) else {}
    state = acted["cognitive_state"]
    mental_state = {name: state.get(name, "") for name in ("goals", "attention", "emotions")}
    return canonical(
        {
            "actions": acted["actions"],
            "mental_state": {**mental_state, "sentiment": answered.get("sentiment")},
            "answers": answered.get("answers", {}),
            "confidence": answered.get("confidence"),
        }
    )


def _items(episode: JsonObject) -> Iterator[JsonObject]:
    for item in episode.get("heard", ()):
        yield _remembered(_heard(item))
    if (met := episode.get("stimulus")) is not None:
        yield _remembered(_met(met))
    for field, kind in (("thought", "THINK"), ("said", "TALK")):
        if (text := episode.get(field)) is not None:
            action = {"type": kind, "content": canonical(text), "target": ""}
            yield {"role": "assistant", "content": {"action": action}, "type": "action", "simulation_timestamp": None}
    if (answers := episode.get("answers")) is not None:
        yield _remembered(_stimulus("THOUGHT", f"{ANSWERED} {canonical(answers)}"))


def _remembered(stimulus: JsonObject) -> JsonObject:
    return {"role": "user", "content": {"stimuli": [stimulus]}, "type": "stimulus", "simulation_timestamp": None}


def _met(stimulus: JsonObject) -> JsonObject:
    kind = StimulusKind(stimulus.get("kind") or StimulusKind.CONVERSATION)
    shown = {name: stimulus[name] for name in ("content", "channel", "timing") if stimulus.get(name)}
    return _stimulus(STIMULI[kind], canonical(shown), stimulus.get("source"))


def _heard(said: Heard) -> JsonObject:
    return _stimulus("CONVERSATION", canonical(said["text"]), said["from"])


def _stimulus(kind: str, content: str, source: object = "") -> JsonObject:
    return {"type": kind, "content": content, "source": _line(source)}


def _line(name: object) -> str:
    return " ".join(plain(name, LONGEST_NAME).split())
