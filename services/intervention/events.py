"""Messages out: what the intervention service tells the others."""

from collections.abc import Sequence
from datetime import UTC, datetime

from libs.bus import Outbox
from libs.contracts.errors import FieldError
from libs.contracts.experiments import ExecutionSpec
from libs.contracts.intervention import (
    ArmsAssigned,
    AssignArms,
    AssignmentFailed,
    InterventionCreated,
    InterventionRejected,
    PlanFrozen,
    Refusal,
)
from libs.contracts.orchestrator import StartSimulation
from libs.contracts.protocol import Assignment, Plan
from libs.db import Transaction
from services.intervention.domain.assignment import Assigned
from services.intervention.domain.design import Design, protocol
from services.intervention.domain.execution import Execution

PART = 2_000


class Events:
    """Builds the payloads and puts them into the outbox."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def created(self, tx: Transaction, design: Design) -> None:
        event = InterventionCreated(
            intervention_id=design.id,
            name=design.name,
            type=design.type,
            arms=tuple(arm.name for arm in design.arms),
            metrics=tuple(instrument.name for instrument in design.instruments),
            target_segments=design.target_segments,
            created_at=design.created_at,
        )
        await self._outbox.add(tx, event)

    async def start(self, tx: Transaction, design: Design, execution: Execution, spec: ExecutionSpec) -> None:
        command = StartSimulation(
            simulation_id=execution.simulation_id,
            name=spec.name or design.name,
            population_id=execution.population_id,
            intervention_id=design.id,
            steps=protocol(design),
            seed=execution.seed,
            model=execution.model,
            engine=spec.engine,
            design=None if design.design == "between" else design.design,
            budget=spec.budget,
            origin=spec.origin,
            past=spec.start_from,
        )
        await self._outbox.add(tx, command)

    async def assigned(
        self, tx: Transaction, command: AssignArms, plan: Plan, plan_hash: str, assignments: Sequence[Assigned]
    ) -> None:
        """The plan first, then the assignments in parts."""
        where = {
            "simulation_id": command.simulation_id,
            "intervention_id": command.intervention_id,
            "population_id": command.population_id,
        }
        await self._outbox.add(tx, PlanFrozen(**where, plan=plan, plan_hash=plan_hash))
        starts = range(0, len(assignments), PART)
        for part, start in enumerate(starts, start=1):
            some = tuple(Assignment(**one._asdict()) for one in assignments[start : start + PART])
            await self._outbox.add(tx, ArmsAssigned(**where, part=part, parts=len(starts), assignments=some))

    async def rejected(
        self,
        tx: Transaction,
        request_id: str,
        action: str,
        intervention_id: str | None,
        errors: Sequence[FieldError],
    ) -> None:
        event = InterventionRejected(
            request_id=request_id,
            action=action,
            intervention_id=intervention_id,
            errors=tuple(Refusal(field=one.field, message=one.message, allowed=one.allowed) for one in errors),
            rejected_at=datetime.now(UTC),
        )
        await self._outbox.add(tx, event)

    async def failed(self, tx: Transaction, command: AssignArms, reason: str) -> None:
        event = AssignmentFailed(
            simulation_id=command.simulation_id, intervention_id=command.intervention_id, reason=reason
        )
        await self._outbox.add(tx, event)
