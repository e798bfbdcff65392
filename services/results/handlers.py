"""Messages in: what other services tell the results service, and the command to analyse."""

from libs.bus import DeadLetter, Router
from libs.contracts.communication import ResponsesRecorded
from libs.contracts.envelope import Message
from libs.contracts.intervention import PlanFrozen
from libs.contracts.orchestrator import SimulationCreated, SimulationStateChanged, StepStarted, TimelineForked
from libs.contracts.population import PopulationReady
from libs.contracts.results import AnalyseSimulation, ExtractFields
from libs.contracts.validation import CalibrationChanged, SimulationRectified
from libs.db import Transaction
from services.results.service import Results

router = Router("results")


@router.on(SimulationCreated)
async def on_simulation_created(tx: Transaction, message: Message[SimulationCreated], service: Results) -> None:
    await service.learn_simulation(tx, message.data)


@router.on(SimulationStateChanged)
async def on_simulation_state_changed(
    tx: Transaction, message: Message[SimulationStateChanged], service: Results
) -> None:
    await service.learn_end(tx, message.data)


@router.on(PopulationReady)
async def on_population_ready(tx: Transaction, message: Message[PopulationReady], service: Results) -> None:
    await service.learn_population(tx, message.data)


@router.on(PlanFrozen)
async def on_plan_frozen(tx: Transaction, message: Message[PlanFrozen], service: Results) -> None:
    await service.learn_plan(tx, message.data)


@router.on(StepStarted)
async def on_step_started(tx: Transaction, message: Message[StepStarted], service: Results) -> None:
    await service.learn_step(tx, message.data)


@router.on(TimelineForked)
async def on_timeline_forked(tx: Transaction, message: Message[TimelineForked], service: Results) -> None:
    await service.learn_fork(tx, message.data)


@router.sink(ResponsesRecorded)
async def on_responses_recorded(tx: Transaction, messages: list[Message[ResponsesRecorded]], service: Results) -> None:
    await service.record(tx, [message.data for message in messages])


@router.on(CalibrationChanged)
async def on_calibration_changed(tx: Transaction, message: Message[CalibrationChanged], service: Results) -> None:
    await service.calibrate(tx, message.data)


@router.on(SimulationRectified)
async def on_simulation_rectified(tx: Transaction, message: Message[SimulationRectified], service: Results) -> None:
    await service.rectify(tx, message.data, message.envelope)


@router.on(AnalyseSimulation)
async def on_analyse_simulation(tx: Transaction, message: Message[AnalyseSimulation], service: Results) -> None:
    await service.ask(tx, message.data, message.envelope)


@router.work(ExtractFields)
async def on_extract_fields(message: Message[ExtractFields], service: Results) -> None:
    await service.extractions.extract_block(message.data, message.envelope.tenant)


@router.dead(ExtractFields)
async def on_dead_letter(tx: Transaction, letter: DeadLetter, service: Results) -> None:
    if (block := letter.read(ExtractFields)) is not None:
        await service.extractions.block_given_up(tx, block, letter.error)
