"""Messages of the communication service."""

from libs.bus import Outbox
from libs.contracts.communication import DeliverStimulus, DeliveryCompleted, DeliveryHeld, ResponsesRecorded
from libs.contracts.orchestrator import RunProtocol
from libs.contracts.protocol import Audience, Step
from libs.db import Transaction
from services.communication.domain.turns import Totals, TurnRecord, in_messages, response_of


class Events:
    """Builds each message; one delivery sends several in several transactions, told apart by discriminators."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def responses_recorded(self, tx: Transaction, command: DeliverStimulus, records: list[TurnRecord]) -> None:
        """Turns were finished and stored, in this transaction and for the first time."""
        for responses in in_messages(map(response_of, records)):
            event = ResponsesRecorded(
                simulation_id=command.simulation_id,
                delivery_id=command.delivery_id,
                timeline_id=command.timeline_id,
                step_id=command.step_id,
                round=command.round,
                arm=command.arm,
                responses=responses,
                simulated_at=command.simulated_at,
                place=command.place,
            )
            await self._outbox.add(tx, event, discriminator=responses[0].turn_id)

    async def delivery_completed(self, tx: Transaction, command: DeliverStimulus, totals: Totals, cpu_s: float) -> None:
        """Every turn of the delivery is stored. Sending it again sends the same id, which receivers know."""
        event = DeliveryCompleted(
            simulation_id=command.simulation_id,
            delivery_id=command.delivery_id,
            step_id=command.step_id,
            arm=command.arm,
            requested=totals.finished,
            answered=totals.answered,
            failed=totals.failed,
            usage=totals.usage,
            failure=totals.failure,
            skipped=totals.untaken,
            cpu_s=cpu_s,
        )
        await self._outbox.add(tx, event, discriminator=command.delivery_id)

    async def delivery_held(self, tx: Transaction, command: DeliverStimulus, reason: str) -> None:
        """Turns of the delivery wait for a budget."""
        event = DeliveryHeld(
            simulation_id=command.simulation_id,
            delivery_id=command.delivery_id,
            reason=reason,
            pauses=command.pauses or 0,
        )
        await self._outbox.add(tx, event, discriminator=command.delivery_id)

    async def run_protocol(
        self,
        tx: Transaction,
        simulation_id: str,
        protocol_id: str,
        steps: tuple[Step, ...],
        audiences: tuple[Audience, ...],
        *,
        ends: bool,
    ) -> None:
        """Ask the orchestrator to run what somebody wants said."""
        command = RunProtocol(
            simulation_id=simulation_id, protocol_id=protocol_id, steps=steps, audiences=audiences, ends=ends or None
        )
        await self._outbox.add(tx, command)
