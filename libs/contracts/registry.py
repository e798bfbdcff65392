"""Every message type there is. What is not listed here cannot be sent, received or documented."""

from libs.contracts import communication, intervention, orchestrator, population, results, validation
from libs.contracts.base import MessageData

MESSAGES: tuple[type[MessageData], ...] = (
    population.PopulationCreated,
    population.PreparePeople,
    population.GeneratePeople,
    population.WritePeople,
    population.AgentsGenerated,
    population.ApplyFragments,
    population.PersonasChanged,
    population.PopulationProgressed,
    population.PopulationReady,
    population.PopulationFailed,
    population.PopulationDeleted,
    intervention.InterventionCreated,
    intervention.InterventionRequested,
    intervention.InterventionRejected,
    intervention.AssignArms,
    intervention.PlanFrozen,
    intervention.ArmsAssigned,
    intervention.AssignmentFailed,
    orchestrator.StartSimulation,
    orchestrator.RunProtocol,
    orchestrator.SimulationCreated,
    orchestrator.SimulationStateChanged,
    orchestrator.ProtocolStateChanged,
    orchestrator.StepStarted,
    orchestrator.TimelineForked,
    communication.DeliverStimulus,
    communication.ResponsesRecorded,
    communication.DeliveryCompleted,
    communication.DeliveryHeld,
    results.AnalyseSimulation,
    results.ExtractFields,
    results.AggregatesChanged,
    results.AnalysisCompleted,
    validation.SimulationRectified,
    validation.CalibrationChanged,
)
FROM_OUTSIDE: tuple[type[MessageData], ...] = (intervention.InterventionRequested,)
"""What systems outside may publish; the gateway is named as its owner."""
TO_OUTSIDE: tuple[type[MessageData], ...] = (
    population.PopulationReady,
    population.PopulationFailed,
    intervention.InterventionCreated,
    intervention.InterventionRejected,
    orchestrator.SimulationCreated,
    orchestrator.SimulationStateChanged,
    results.AnalysisCompleted,
    validation.SimulationRectified,
)
"""What systems outside may listen to: what came of what they asked for, never what single people answered."""
BY_TYPE: dict[str, type[MessageData]] = {message.contract.type: message for message in MESSAGES}


def consumed_by(service: str) -> tuple[type[MessageData], ...]:
    """The message types a service subscribes to."""
    return tuple(message for message in MESSAGES if service in message.contract.consumers)
