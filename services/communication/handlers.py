"""Messages the communication service obeys and listens to."""

from libs.bus import DeadLetter, Router
from libs.contracts.communication import DeliverStimulus
from libs.contracts.envelope import Message
from libs.contracts.orchestrator import (
    ProtocolStateChanged,
    RunProtocol,
    SimulationCreated,
    SimulationStateChanged,
    TimelineForked,
)
from libs.contracts.population import AgentsGenerated, PersonasChanged, PopulationReady
from libs.db import Transaction
from services.communication.service import Communication

router = Router("communication")


@router.sink(AgentsGenerated)
async def on_agents_generated(
    tx: Transaction, messages: list[Message[AgentsGenerated]], service: Communication
) -> None:
    """Know the agents."""
    await service.agents_generated(tx, [message.data for message in messages])


@router.on(PersonasChanged)
async def on_personas_changed(tx: Transaction, message: Message[PersonasChanged], service: Communication) -> None:
    """Know what the agents have become."""
    await service.personas_changed(tx, message.data)


@router.on(PopulationReady)
async def on_population_ready(tx: Transaction, message: Message[PopulationReady], service: Communication) -> None:
    """Know the segments."""
    await service.population_ready(tx, message.data)


@router.on(SimulationCreated)
async def on_simulation_created(tx: Transaction, message: Message[SimulationCreated], service: Communication) -> None:
    """Know the simulation."""
    await service.simulation_created(tx, message.data)


@router.on(SimulationStateChanged)
async def on_simulation_state_changed(
    tx: Transaction, message: Message[SimulationStateChanged], service: Communication
) -> None:
    """Know whether it still runs."""
    await service.simulation_state_changed(tx, message.data)


@router.on(ProtocolStateChanged)
async def on_protocol_state_changed(
    tx: Transaction, message: Message[ProtocolStateChanged], service: Communication
) -> None:
    """Know what became of a request."""
    await service.protocol_state_changed(tx, message.data)


@router.dead(RunProtocol)
async def on_dead_letter(tx: Transaction, letter: DeadLetter, service: Communication) -> None:
    """Know that a request will never run."""
    if (command := letter.read(RunProtocol)) is not None:
        await service.protocol_given_up(tx, command)


@router.on(TimelineForked)
async def on_timeline_forked(tx: Transaction, message: Message[TimelineForked], service: Communication) -> None:
    """Know where what comes next happens."""
    await service.timeline_forked(tx, message.data)


@router.work(DeliverStimulus)
async def on_deliver_stimulus(message: Message[DeliverStimulus], service: Communication) -> None:
    """Run the turns of one delivery."""
    await service.deliveries.deliver(message)
