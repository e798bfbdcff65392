"""The other services as the orchestrator knows them: as small as the published messages allow, and as mortal as it is.

What each has committed survives its death; what it had in hand comes again. They use the platform's own rules for turn
ids and budgets. What they do is said again with the same ids after a death, as every service does it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from chaos.fate import Fate
from chaos.network import Network, sealed
from libs.contracts.base import MessageData
from libs.contracts.communication import DeliverStimulus, DeliveryCompleted, DeliveryHeld, Response, ResponsesRecorded
from libs.contracts.envelope import Envelope
from libs.contracts.evidence import Analysis, SampleRatioCheck
from libs.contracts.ids import agent_id, turn_id
from libs.contracts.intervention import ArmsAssigned, AssignArms
from libs.contracts.orchestrator import SimulationStateChanged
from libs.contracts.protocol import NO_USAGE, Assignment, Usage, total_usage
from libs.contracts.results import AnalyseSimulation, AnalysisCompleted
from services.models.domain.budgets import NOTHING, Amount, Balance, Cap, decide

PAID = Usage(calls=1, cached_calls=0, prompt_tokens=900, completion_tokens=80, cost_usd=0.001)
AT_ONCE = 32
"""Turns that are recorded in one transaction."""
PARTS = 2
WHEN = datetime(2026, 1, 1, tzinfo=UTC)
ANALYSIS = Analysis(
    plan_hash=None,
    plan_frozen_at=None,
    model="offline",
    assigned={},
    answered={},
    failed={},
    estimates=(),
    comparisons=(),
    sample_ratio=SampleRatioCheck(planned={}, completed={}, p_value=None, is_flagged=False),
    verdict="",
    usage=NO_USAGE,
)


class SpentError(Exception):
    """No budget allows the next call."""


class Ledger:
    """Which calls were paid for. A call that was in flight when its process died was, and is made again."""

    def __init__(self, fate: Fate, calls: int | None) -> None:
        self.cap = Cap(calls=calls)
        self.answered: set[str] = set()
        self.orphaned = 0
        self._fate = fate

    @property
    def paid(self) -> int:
        """Calls that a provider has been paid for."""
        return len(self.answered) + self.orphaned

    def ask(self, key: str) -> None:
        """Answer a call from the ledger, or make it. Raises `SpentError`."""
        if key in self.answered:
            return
        balance = Balance("", self.cap, Amount(calls=self.paid), NOTHING)
        decision = decide([(key, Amount(calls=1))], [balance])
        if reason := decision.refused.get(key):
            raise SpentError(reason)
        self.orphaned += 1
        self._fate.may_kill("after a reply of the model, before it is in the ledger", passages=AT_ONCE)
        self.orphaned -= 1
        self.answered.add(key)


class Peer:
    """A service that publishes."""

    def __init__(self, name: str, network: Network) -> None:
        self._name = name
        self._network = network

    def send(self, cause: Envelope, data: MessageData, discriminator: object = 0) -> None:
        """Publish a message that another one has brought about."""
        self._network.publish(sealed(data, source=self._name, cause=cause, discriminator=discriminator))


class Intervention(Peer):
    """Assigns the agents to two arms, in parts."""

    def __init__(self, network: Network, agents: int) -> None:
        super().__init__("intervention", network)
        self._agents = agents

    def assign(self, cause: Envelope, command: AssignArms) -> None:
        """Everybody, every other one to the other arm."""
        everybody = [
            Assignment(agent_id=agent_id(index), arm="ab"[index % 2], segment=None)
            for index in range(1, self._agents + 1)
        ]
        where = command.model_dump(include={"simulation_id", "intervention_id", "population_id"})
        for part in range(PARTS):
            some = tuple(everybody[part::PARTS])
            self.send(cause, ArmsAssigned(**where, part=part + 1, parts=PARTS, assignments=some), part)


class Communication(Peer):
    """Takes turns: some of a delivery at a time, so that anything can happen in between."""

    def __init__(self, network: Network, fate: Fate, ledger: Ledger) -> None:
        super().__init__("communication", network)
        self._fate = fate
        self._ledger = ledger
        self._pauses = 0
        self._is_stopped = False
        self.recorded: dict[str, Response] = {}

    def hear(self, event: SimulationStateChanged) -> None:
        """Know of a change of state, in whatever order they come."""
        self._pauses = max(self._pauses, event.pauses or 0)
        self._is_stopped |= event.state in {"cancelled", "failed"}

    def deliver(self, cause: Envelope, command: DeliverStimulus) -> Iterator[None]:
        """A delivery from its beginning or from where it was left; every step of the iterator is a transaction."""
        turns = {str(self._turn(command, agent)): agent for agent in command.agent_ids}
        missing = [turn for turn in turns if turn not in self.recorded]
        for start in range(0, len(missing), AT_ONCE):
            if self._is_stopped or self._pauses > (command.pauses or 0):
                return
            some = missing[start : start + AT_ONCE]
            answered, reason = self._ask(some)
            self._record(cause, command, {turn: turns[turn] for turn in answered})
            if reason is not None:
                held = DeliveryHeld(
                    simulation_id=command.simulation_id,
                    delivery_id=command.delivery_id,
                    reason=reason,
                    pauses=command.pauses or 0,
                )
                self.send(cause, held)
                return
            self._fate.may_kill("in the middle of a delivery")
            yield
        self._complete(cause, command, list(turns))

    def _ask(self, turns: list[str]) -> tuple[list[str], str | None]:
        for number, turn in enumerate(turns):
            try:
                self._ledger.ask(turn)
            except SpentError as spent:
                return turns[:number], str(spent)
        self._fate.may_kill("after the ledger has the replies, before the turns are recorded")
        return turns, None

    def _record(self, cause: Envelope, command: DeliverStimulus, turns: dict[str, str]) -> None:
        new = {turn: _response(turn, agent) for turn, agent in turns.items() if turn not in self.recorded}
        self.recorded |= new
        if new:
            event = ResponsesRecorded(
                **command.model_dump(
                    include={"simulation_id", "delivery_id", "timeline_id", "step_id", "round", "arm", "place"}
                ),
                responses=tuple(new.values()),
            )
            self.send(cause, event, next(iter(new)))

    def _complete(self, cause: Envelope, command: DeliverStimulus, turns: list[str]) -> None:
        responses = [self.recorded[turn] for turn in turns]
        answered = sum(response.status == "answered" for response in responses)
        event = DeliveryCompleted(
            simulation_id=command.simulation_id,
            delivery_id=command.delivery_id,
            step_id=command.step_id,
            arm=command.arm,
            requested=len(responses),
            answered=answered,
            failed=len(responses) - answered,
            usage=total_usage([response.usage for response in responses]),
        )
        self.send(cause, event, command.delivery_id)

    def _turn(self, command: DeliverStimulus, agent: str) -> object:
        return turn_id(command.simulation_id, command.timeline_id, command.step_id, command.round, agent)


class Results(Peer):
    """Analyses once it has what it was told to wait for."""

    def __init__(self, network: Network) -> None:
        super().__init__("results", network)
        self.arrived: set[str] = set()
        self.expected: set[int] = set()

    def hear(self, event: ResponsesRecorded) -> None:
        """Count responses."""
        self.arrived |= {response.turn_id for response in event.responses}

    def analyse(self, cause: Envelope, command: AnalyseSimulation) -> bool:
        """False while responses are missing."""
        self.expected.add(command.expected_responses)
        if len(self.arrived) < command.expected_responses:
            return False
        where = command.model_dump(include={"simulation_id", "intervention_id"})
        self.send(cause, AnalysisCompleted(**where, analysis=ANALYSIS, analysed_at=cause.time))
        return True


def _response(turn: str, agent: str) -> Response:
    is_answered = not agent.endswith("7")
    return Response(
        turn_id=turn,
        agent_id=agent,
        name=agent,
        segment=None,
        demographic_profile={},
        status="answered" if is_answered else "failed",
        failure=None if is_answered else "refused",
        response=None,
        reasoning=None,
        confidence=None,
        sentiment=None,
        answers={},
        usage=PAID,
        model="offline",
        responded_at=WHEN,
    )
