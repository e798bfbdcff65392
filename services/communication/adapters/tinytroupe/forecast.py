"""What turns of TinyTroupe will ask and take: our part is composed, the library's was measured (figures.json).

The library is not needed for it. A turn is one call for the actions and, where there are questions, one that reads the
answers from them; the second prompt carries the first reply.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from libs.contracts.base import Body, JsonObject
from libs.contracts.communication import DeliverStimulus
from libs.contracts.estimates import Ground
from libs.contracts.ranges import Range
from libs.contracts.turns import ChatMessage, TurnBatch, TurnRequest
from libs.minds.blocks import canonical
from libs.minds.extraction import extraction_messages, extraction_schema
from libs.minds.options import option_orders
from services.communication.adapters.engine import Encounter
from services.communication.adapters.tinytroupe.terms import memory_of, person_of, stimuli_of
from services.communication.domain.estimates import Call, Work

FILE = Path(__file__).parent / "figures.json"


class Figure(Range):
    """A measured figure, and how it was measured."""

    source: str


class Figures(Body):
    """The file."""

    note: str
    version: str
    measured_on: str
    machine: str
    template_characters: Figure
    start_s: Figure
    turn_s: Figure
    reply: JsonObject
    most_reply_tokens: int


@lru_cache(maxsize=1)
def load_figures(file: Path = FILE) -> Figures:
    """The figures that come with the engine."""
    return Figures.model_validate_json(file.read_bytes())


def forecast(command: DeliverStimulus, encounters: Sequence[Encounter], earlier: int) -> tuple[Call, ...]:
    """The calls of a turn, after so many earlier ones."""
    figures = load_figures()
    acting = {encounter.turn_id: (_shown(command, encounter),) for encounter in encounters}
    first = Call(
        _batch(command, encounters, (), acting, figures.reply, figures.most_reply_tokens),
        replies=earlier,
        further=figures.template_characters,
    )
    if not command.instruments:
        return (first,)
    shared, _ = extraction_messages(command.stimulus, command.instruments, encounters[0].agent, ())
    own = {
        each.turn_id: extraction_messages(command.stimulus, command.instruments, each.agent, ())[1]
        for each in encounters
    }
    schema = extraction_schema(command.instruments)
    return first, Call(_batch(command, encounters, shared, own, schema, None), replies=1)


def work() -> Work:
    """What the library takes besides waiting for its model."""
    figures = load_figures()
    measured = f"TinyTroupe {figures.version}, {figures.measured_on}, {figures.machine}"
    return Work(
        asks="one for each turn, and one to read its answers where there are questions",
        start_s=figures.start_s,
        turn_s=figures.turn_s,
        grounds=(
            Ground(figure="prompt_tokens", kind="measured", says=f"{figures.template_characters.source}; {measured}"),
            Ground(
                figure="seconds",
                kind="measured",
                says=f"{figures.start_s.source}; {figures.turn_s.source}; {measured}",
            ),
        ),
    )


def _shown(command: DeliverStimulus, encounter: Encounter) -> ChatMessage:
    """The person, what they remember and what they meet, as the library is given them."""
    memory, agent = encounter.memory, encounter.agent
    orders = option_orders(command.instruments, command.seed, agent.agent_id)
    shown = {
        **person_of(agent),
        "memory": memory_of(memory),
        "stimuli": stimuli_of(command.stimulus, command.instruments, orders, memory.heard, encounter.present),
    }
    return ChatMessage(role="user", content=canonical(shown))


def _batch(
    command: DeliverStimulus,
    encounters: Sequence[Encounter],
    shared: tuple[ChatMessage, ...],
    own: Mapping[str, tuple[ChatMessage, ...]],
    schema: JsonObject,
    longest: int | None,
) -> TurnBatch:
    return TurnBatch(
        simulation_id=command.simulation_id,
        model=command.model,
        timeline_id=command.timeline_id,
        step_id=command.step_id,
        round=command.round,
        seed=command.seed,
        response_schema=schema,
        shared=shared,
        turns=tuple(
            TurnRequest(turn_id=each.turn_id, agent_id=each.agent.agent_id, messages=own[each.turn_id])
            for each in encounters
        ),
        **({} if longest is None else {"max_completion_tokens": longest}),
    )
