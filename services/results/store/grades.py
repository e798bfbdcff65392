"""What validation told: the newest calibration of each simulator, the newest rectification of each simulation."""

from sqlalchemy import select, update

from libs.contracts.validation import CalibrationChanged, SimulationRectified
from libs.db import Transaction, insert_new
from services.results.domain.grading import Standing
from services.results.domain.records import Study
from services.results.tables import calibrations, rectifications


class Grades:
    """Older news than what is known changes nothing, in whatever order it comes."""

    async def calibrate(self, tx: Transaction, data: CalibrationChanged) -> None:
        """The calibration of a simulator."""
        values = {"document": data.model_dump(mode="json"), "changed_at": data.changed_at}
        if not await insert_new(tx, calibrations, [{"tenant": tx.tenant, "simulator": data.simulator, **values}]):
            mine = calibrations.c.tenant == tx.tenant, calibrations.c.simulator == data.simulator
            older = calibrations.c.changed_at < data.changed_at
            await tx.execute(update(calibrations).where(*mine, older).values(**values))

    async def rectify(self, tx: Transaction, data: SimulationRectified) -> bool:
        """What people said to the questions of a simulation; False when that, or newer, is known already."""
        values = {"document": data.model_dump(mode="json"), "revision": data.revision}
        row = {"tenant": tx.tenant, "simulation_id": data.simulation_id, **values}
        if await insert_new(tx, rectifications, [row]):
            return True
        mine = rectifications.c.tenant == tx.tenant, rectifications.c.simulation_id == data.simulation_id
        older = rectifications.c.revision < data.revision
        return bool((await tx.execute(update(rectifications).where(*mine, older).values(**values))).rowcount)

    async def standing(self, tx: Transaction, study: Study) -> Standing:
        """What is known of a study and of its simulator."""
        of_simulator = select(calibrations.c.document).where(
            calibrations.c.tenant == tx.tenant, calibrations.c.simulator == study.model
        )
        of_simulation = select(rectifications.c.document).where(
            rectifications.c.tenant == tx.tenant, rectifications.c.simulation_id == study.simulation_id
        )
        learnt = (await tx.execute(of_simulator)).scalar_one_or_none()
        people = (await tx.execute(of_simulation)).scalar_one_or_none()
        return Standing(
            calibration=None if learnt is None else CalibrationChanged.model_validate(learnt),
            rectified=None if people is None else SimulationRectified.model_validate(people),
        )
