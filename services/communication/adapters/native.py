"""The engine of our own: one structured model call for a turn, all turns of a delivery in one request."""

from collections.abc import AsyncGenerator, Sequence

from libs.contracts.communication import DeliverStimulus
from libs.contracts.turns import ChatMessage, TurnBatch, TurnReply, TurnRequest
from libs.minds.options import option_orders
from libs.minds.prompt import own_messages, shared_messages
from libs.minds.schema import turn_schema
from libs.minds.tools import Toolbox, Tools
from libs.models import Models
from services.communication.adapters.engine import AVAILABLE, Availability, Encounter
from services.communication.domain.estimates import NO_WORK, Call, Work

TOKENS = 1_000
TOKENS_WITH_TOOLS = 6_000
"""The most a reply may have: a document is longer than what people say."""


class NativeEngine:
    """Builds the prompts and asks the models service."""

    def __init__(self, models: Models, tools: Tools) -> None:
        self._models = models
        self._tools = tools

    async def start(self) -> None:
        """Get ready to reach the models service."""
        await self._models.start()

    async def stop(self) -> None:
        """Let go of it."""
        await self._models.stop()

    async def availability(self) -> Availability:
        """Always."""
        return AVAILABLE

    def forecast(self, command: DeliverStimulus, encounters: Sequence[Encounter], earlier: int) -> tuple[Call, ...]:
        """One call, as it will be sent."""
        return (Call(self._batch(command, encounters), replies=earlier),)

    def work(self) -> Work:
        """Nothing that is not the platform's."""
        return NO_WORK

    def turns(self, command: DeliverStimulus, encounters: Sequence[Encounter]) -> AsyncGenerator[TurnReply, None]:
        """The replies in the order in which they finish."""
        return self._models.turns(self._batch(command, encounters))

    def _batch(self, command: DeliverStimulus, encounters: Sequence[Encounter]) -> TurnBatch:
        """All turns in one request."""
        return _batch(command, encounters, self._tools.box(command.tools))


def _batch(command: DeliverStimulus, encounters: Sequence[Encounter], tools: Toolbox) -> TurnBatch:
    requests = tuple(
        TurnRequest(
            turn_id=encounter.turn_id,
            agent_id=encounter.agent.agent_id,
            draw=encounter.draw,
            messages=_messages(command, encounter),
        )
        for encounter in encounters
    )
    return TurnBatch(
        simulation_id=command.simulation_id,
        model=command.model,
        timeline_id=command.timeline_id,
        step_id=command.step_id,
        round=command.round,
        seed=command.seed,
        max_completion_tokens=TOKENS_WITH_TOOLS if tools.tools else TOKENS,
        response_schema=turn_schema(command.instruments, tuple(tools.action_types)),
        shared=shared_messages(command.stimulus, command.instruments, tools.instruction(command.simulated_at)),
        budget=command.budget,
        turns=requests,
    )


def _messages(command: DeliverStimulus, encounter: Encounter) -> tuple[ChatMessage, ...]:
    orders = option_orders(command.instruments, command.seed, encounter.agent.agent_id)
    own = own_messages(encounter.agent, encounter.memory, encounter.present, orders=orders)
    return own if encounter.retake is None else (*own, encounter.retake)
