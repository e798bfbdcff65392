"""What a page gets to see of an event: personas and reasoning stay out, bursts of responses become one event.

`of_simulation` is for the page of one simulation, `of_all` for a list: there, responses are counts to add up.
`of_population` tells how far drawing is, not of whom.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from libs.contracts.base import JsonObject, MessageData
from libs.contracts.communication import DeliveryCompleted, Response, ResponsesRecorded
from libs.contracts.orchestrator import SimulationCreated, SimulationStateChanged, StepStarted, TimelineForked
from libs.contracts.population import PopulationCreated, PopulationFailed, PopulationProgressed, PopulationReady
from libs.contracts.results import AggregatesChanged, AnalysisCompleted
from libs.contracts.timelines import MAIN

ENDS_SIMULATION = (SimulationStateChanged,)
ENDS_DRAWING = (PopulationReady, PopulationFailed)
EXCERPT = 280  # characters of a stimulus
MOST_TAILED = 20_000  # bytes of a message that developers see


_BURSTS = {
    ResponsesRecorded.contract.name: ("simulation_id", "timeline_id", "step_id", "round"),
    AggregatesChanged.contract.name: ("simulation_id", "timeline_id"),
}


class PageEvent(NamedTuple):
    """An event as it is streamed: a message name and data fit for a page."""

    name: str
    data: JsonObject

    @property
    def burst(self) -> tuple[object, ...] | None:
        """Events with the same key may be merged; None for one that stands alone."""
        keys = _BURSTS.get(self.name)
        return None if keys is None else (self.name, *(self.data.get(name) for name in keys))


def of_simulation(message: MessageData) -> PageEvent | None:
    """The event for the page of one simulation, None for one it does not show."""
    return _view(message, _SIMULATION_VIEWS)


def of_all(message: MessageData) -> PageEvent | None:
    """The event for a list of simulations."""
    return _view(message, _LIST_VIEWS)


def of_population(message: MessageData) -> PageEvent | None:
    """The event for the page of a population that is being drawn."""
    return _view(message, _POPULATION_VIEWS)


def of_tail(message: MessageData) -> PageEvent:
    """The event for developers: which message it is and all it says, unless that is too much to look at."""
    data = message.model_dump(mode="json")
    size = len(message.model_dump_json())
    contract = message.contract
    told = {"message": contract.name, "type": contract.type, "service": contract.service, "key": message.key}
    return PageEvent("event", told | {"bytes": size, "data": data if size <= MOST_TAILED else None})


def is_end(message: MessageData) -> bool:
    """True for the event nothing follows."""
    if isinstance(message, SimulationStateChanged):
        return message.state.is_terminal
    return isinstance(message, ENDS_DRAWING)


def merged(events: Iterable[PageEvent]) -> list[PageEvent]:
    """The same events, those of one burst joined at the place of its first; of aggregates the last ones remain."""
    result: list[PageEvent] = []
    first_of: dict[tuple[object, ...], PageEvent] = {}
    for event in events:
        earlier = first_of.get(event.burst) if event.burst else None
        if earlier is not None:
            _join(earlier.data, event.data)
            continue
        result.append(event)
        if event.burst:
            first_of[event.burst] = event
    return result


def _join(into: JsonObject, more: JsonObject) -> None:
    if "estimates" in into:
        into.update(more if more["place"] >= into["place"] else {})
    elif "responses" in into:
        into["responses"].extend(more["responses"])
    else:
        into["answered"] += more["answered"]
        into["failed"] += more["failed"]


def _view(message: MessageData, views: dict[type[MessageData], Callable[..., JsonObject]]) -> PageEvent | None:
    view = views.get(type(message))
    return PageEvent(message.contract.name, view(message)) if view else None


def _whole(message: MessageData) -> JsonObject:
    return message.model_dump(mode="json")


def _step(message: StepStarted) -> JsonObject:
    step = message.step
    stimuli = {
        arm: {"content": stimulus.content[:EXCERPT], "channel": stimulus.channel, "timing": stimulus.timing}
        for arm, stimulus in step.stimuli.items()
    }
    shown = {"name", "type", "role", "minimum", "maximum", "options", "requires"}
    return {
        "simulation_id": message.simulation_id,
        "step_id": step.step_id,
        "round": step.round,
        "kind": step.kind,
        "timeline_id": (message.timeline or MAIN).timeline_id,
        "place": message.place or 0,
        "planned": message.planned,
        "stimuli": stimuli,
        "metrics": [instrument.model_dump(mode="json", include=shown) for instrument in step.instruments],
    }


def _responses(message: ResponsesRecorded) -> JsonObject:
    return {
        "simulation_id": message.simulation_id,
        "step_id": message.step_id,
        "round": message.round,
        "timeline_id": message.timeline_id,
        "place": message.place or 0,
        "responses": [_response(response, message.arm) for response in message.responses],
    }


def _response(response: Response, arm: str) -> JsonObject:
    shown = {"agent_id", "name", "segment", "status", "answers", "response", "sentiment", "responded_at"}
    if response.status == "failed":
        shown.add("failure")
    return {"arm": arm} | response.model_dump(mode="json", include=shown)


def _counts(message: ResponsesRecorded) -> JsonObject:
    answered = sum(response.status == "answered" for response in message.responses)
    return {
        "simulation_id": message.simulation_id,
        "answered": answered,
        "failed": len(message.responses) - answered,
    }


def _verdict(message: AnalysisCompleted) -> JsonObject:
    """The sentence with its grade; the numbers are fetched, with their evidence, from the results."""
    return {
        "simulation_id": message.simulation_id,
        "intervention_id": message.intervention_id,
        "verdict": message.analysis.verdict,
        "plan_hash": message.analysis.plan_hash,
        "analysed_at": message.analysed_at.isoformat(),
    }


_LIST_VIEWS: dict[type[MessageData], Callable[..., JsonObject]] = {
    SimulationCreated: _whole,
    SimulationStateChanged: _whole,
    ResponsesRecorded: _counts,
}
_SIMULATION_VIEWS = _LIST_VIEWS | {
    StepStarted: _step,
    TimelineForked: _whole,
    ResponsesRecorded: _responses,
    DeliveryCompleted: _whole,
    AggregatesChanged: _whole,
    AnalysisCompleted: _verdict,
}
OF_POPULATIONS = (PopulationCreated, PopulationProgressed, PopulationReady, PopulationFailed)
_POPULATION_VIEWS: dict[type[MessageData], Callable[..., JsonObject]] = dict.fromkeys(OF_POPULATIONS, _whole)
SHOWN_IN_LISTS = tuple(_LIST_VIEWS)
