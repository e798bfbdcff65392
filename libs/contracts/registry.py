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
SENDERS: dict[type[MessageData], str] = {
    intervention.AssignArms: "orchestrator",
    orchestrator.StartSimulation: "intervention",
    orchestrator.RunProtocol: "communication",
    communication.DeliverStimulus: "orchestrator",
    results.AnalyseSimulation: "orchestrator",
}
"""Who sends a command that its owner does not send itself. Only the owner of an event publishes it."""
MISSED_BY: dict[str, tuple[type[MessageData], ...]] = {
    "population": (population.PreparePeople, population.GeneratePeople, population.WritePeople),
    "intervention": (intervention.InterventionRequested,),
    "orchestrator": (
        intervention.AssignArms,
        intervention.ArmsAssigned,
        communication.DeliverStimulus,
        communication.DeliveryCompleted,
        communication.DeliveryHeld,
        results.AnalyseSimulation,
        results.AnalysisCompleted,
    ),
    "communication": (orchestrator.RunProtocol,),
    "results": (results.ExtractFields,),
}
"""Whose dead letters a service listens for, because it waits for what the message would have brought about."""
BY_TYPE: dict[str, type[MessageData]] = {message.contract.type: message for message in MESSAGES}


def consumed_by(service: str) -> tuple[type[MessageData], ...]:
    """The message types a service subscribes to."""
    return tuple(message for message in MESSAGES if service in message.contract.consumers)


def sent_by(service: str) -> tuple[type[MessageData], ...]:
    """The message types a service publishes."""
    return tuple(message for message in MESSAGES if SENDERS.get(message, message.contract.service) == service)
