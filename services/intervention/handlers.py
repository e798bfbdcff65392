"""Messages in: what other services tell the intervention service, and the command to assign arms."""

from libs.bus import DeadLetter, Router
from libs.contracts.communication import ResponsesRecorded
from libs.contracts.envelope import Message
from libs.contracts.intervention import AssignArms, InterventionRequested
from libs.contracts.orchestrator import SimulationCreated, SimulationStateChanged
from libs.contracts.population import AgentsGenerated, PersonasChanged, PopulationCreated, PopulationReady
from libs.contracts.results import AnalysisCompleted
from libs.db import Transaction
from services.intervention.domain.execution import Population
from services.intervention.service import Interventions, Service

router = Router("intervention")


@router.on(PopulationCreated)
async def on_population_created(tx: Transaction, message: Message[PopulationCreated], service: Interventions) -> None:
    data = message.data
    await service.learn_population(tx, Population(data.population_id, data.size, data.segments))


@router.sink(AgentsGenerated)
async def on_agents_generated(
    tx: Transaction, messages: list[Message[AgentsGenerated]], service: Interventions
) -> None:
    await service.learn_agents(tx, [message.data for message in messages])


@router.on(PersonasChanged)
async def on_personas_changed(tx: Transaction, message: Message[PersonasChanged], service: Interventions) -> None:
    await service.change_agents(tx, message.data)


@router.on(PopulationReady)
async def on_population_ready(tx: Transaction, message: Message[PopulationReady], service: Interventions) -> None:
    population = Population(message.data.population_id, message.data.size, message.data.segments)
    await service.require_agents(tx, population)
    await service.learn_population(tx, population)


@router.on(InterventionRequested)
async def on_intervention_requested(tx: Transaction, message: Message[InterventionRequested], service: Service) -> None:
    await service.requests.obey(tx, message)


@router.dead(InterventionRequested)
async def on_dead_letter(tx: Transaction, letter: DeadLetter, service: Service) -> None:
    await service.requests.give_up(tx, letter)


@router.on(AssignArms)
async def on_assign_arms(tx: Transaction, message: Message[AssignArms], service: Interventions) -> None:
    await service.assign_arms(tx, message.data)


@router.on(SimulationCreated)
async def on_simulation_created(tx: Transaction, message: Message[SimulationCreated], service: Interventions) -> None:
    await service.simulation_created(tx, message.data)


@router.on(SimulationStateChanged)
async def on_simulation_state_changed(
    tx: Transaction, message: Message[SimulationStateChanged], service: Interventions
) -> None:
    await service.record_state(tx, message.data)


@router.sink(ResponsesRecorded)
async def on_responses_recorded(
    tx: Transaction, messages: list[Message[ResponsesRecorded]], service: Interventions
) -> None:
    await service.record_responses(tx, [message.data for message in messages])


@router.on(AnalysisCompleted)
async def on_analysis_completed(tx: Transaction, message: Message[AnalysisCompleted], service: Interventions) -> None:
    await service.record_analysis(tx, message.data)
