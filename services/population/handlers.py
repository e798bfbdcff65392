"""Messages in: the service's own commands to go on with the next block of people, and who uses a population."""

from libs.bus import DeadLetter, Router
from libs.contracts.envelope import Message
from libs.contracts.orchestrator import SimulationCreated, SimulationStateChanged
from libs.contracts.population import ApplyFragments, GeneratePeople, PreparePeople, WritePeople
from libs.db import Transaction
from services.population.service import Populations

router = Router("population")


@router.work(PreparePeople)
async def on_prepare_people(message: Message[PreparePeople], service: Populations) -> None:
    await service.preparing.prepare(message)


@router.on(GeneratePeople)
async def on_generate_people(tx: Transaction, message: Message[GeneratePeople], service: Populations) -> None:
    await service.drawing.draw_block(tx, message.data.population_id, message.data.start)


@router.work(WritePeople)
async def on_write_people(message: Message[WritePeople], service: Populations) -> None:
    await service.writing.write_block(message)


@router.dead(PreparePeople, GeneratePeople, WritePeople)
async def on_dead_letter(tx: Transaction, letter: DeadLetter, service: Populations) -> None:
    if letter.name == PreparePeople.contract.name:
        await service.drawing.begin(tx, letter.key, letter.error)
    elif (block := letter.read(GeneratePeople)) is not None:  # of either command
        await service.drawing.block_given_up(tx, block.population_id, block.start, letter.error)


@router.on(ApplyFragments)
async def on_apply_fragments(tx: Transaction, message: Message[ApplyFragments], service: Populations) -> None:
    await service.versions.apply_block(tx, message.data)


@router.on(SimulationCreated)
async def on_simulation_created(tx: Transaction, message: Message[SimulationCreated], service: Populations) -> None:
    await service.simulation_created(tx, message.data)


@router.on(SimulationStateChanged)
async def on_simulation_state_changed(
    tx: Transaction, message: Message[SimulationStateChanged], service: Populations
) -> None:
    await service.simulation_state_changed(tx, message.data)
