"""Messages in: the service's own commands to go on with the next block of people, and who uses a population."""

from libs.bus import Router
from libs.contracts.envelope import Message
from libs.contracts.orchestrator import SimulationCreated, SimulationStateChanged
from libs.contracts.population import ApplyFragments, GeneratePeople
from libs.db import Transaction
from services.population.service import Populations

router = Router("population")


@router.on(GeneratePeople)
async def on_generate_people(tx: Transaction, message: Message[GeneratePeople], service: Populations) -> None:
    await service.drawing.draw_block(tx, message.data.population_id, message.data.start)


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
