"""What is known of a running simulation from its events. Applying an event twice changes nothing.

Turns, steps and plans count where they are part of the present timeline: after a restore some are not any more.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from libs.client.sse import ServerEvent
from libs.contracts.base import JsonObject
from libs.contracts.orchestrator import SimulationState
from libs.contracts.timelines import MAIN, Timeline

TERMINAL = frozenset(state.value for state in SimulationState if state.is_terminal)


class _Step(NamedTuple):
    place: tuple[str, int]
    planned: dict[str, int]


class _Turn(NamedTuple):
    place: tuple[str, int]
    arm: str
    is_answered: bool


class _Skip(NamedTuple):
    """Agents of a delivery who took no turn: the step was not for them, or asks for no response."""

    step_id: object
    arm: str
    agents: int


@dataclass(slots=True)
class Progress:
    """State and counts by arm; `planned` is empty until the arms are known."""

    state: str = SimulationState.DRAFT.value
    reason: str | None = None
    paused_for: str | None = None
    planned: dict[str, int] = field(default_factory=dict)
    answered: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    usage: JsonObject = field(default_factory=dict)
    verdict: str | None = None
    timeline: Timeline = MAIN
    _announced: dict[str, int] = field(default_factory=dict)
    _steps: dict[tuple[object, object], _Step] = field(default_factory=dict)
    _turns: dict[tuple[object, ...], _Turn] = field(default_factory=dict)
    _skips: dict[object, _Skip] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Turns planned in all arms."""
        return sum(self.planned.values())

    @property
    def done(self) -> int:
        """Turns finished, answered or failed."""
        return self.answered.total() + self.failed.total()

    @property
    def is_terminal(self) -> bool:
        """True when the simulation has ended, well or not."""
        return self.state in TERMINAL

    def apply(self, event: ServerEvent) -> None:
        """Take in one event; names that are not known are passed over."""
        data = event.data
        if event.name == "simulation-state-changed":
            self.state = str(data.get("state") or self.state)
            self.reason, self.paused_for = data.get("reason"), data.get("paused_for")
            self._announced = self._most(self._announced, data.get("planned") or {})
            self.usage = data.get("usage") or self.usage
        elif event.name == "step-started":
            self._steps[data.get("step_id"), data.get("round")] = _Step(_place(data), data.get("planned") or {})
        elif event.name == "delivery-completed":
            skipped = _Skip(data.get("step_id"), str(data.get("arm") or "all"), int(data.get("skipped") or 0))
            self._skips[data.get("delivery_id")] = skipped
        elif event.name == "analysis-completed":
            self.verdict = data.get("verdict")
        elif event.name == "responses-recorded":
            self._count(data)
        elif event.name == "timeline-forked":
            self._fork(Timeline.model_validate(data["timeline"]))
        self._plan()

    def _plan(self) -> None:
        """Turns planned: what the simulation says, or what its steps add up to when that is more (it came first)."""
        steps, skipped = Counter[str](), Counter[str]()
        left = set()
        for (step_id, _), step in self._steps.items():
            if self.timeline.includes(*step.place):
                steps.update(step.planned)
            else:
                left.add(step_id)
        for skip in self._skips.values():
            skipped[skip.arm] += 0 if skip.step_id in left else skip.agents
        self.planned = {arm: asked - skipped[arm] for arm, asked in self._most(self._announced, steps).items()}

    def _most(self, one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
        return {arm: max(one.get(arm, 0), other.get(arm, 0)) for arm in (*one, *other)}

    def _fork(self, timeline: Timeline) -> None:
        """What happened after the mark is no longer part of it; what it says of itself comes again."""
        if timeline.number <= self.timeline.number:
            return
        self.timeline, self._announced = timeline, {}
        self.answered.clear()
        self.failed.clear()
        for turn in self._turns.values():
            self._add(turn)

    def _count(self, data: JsonObject) -> None:
        for response in data.get("responses") or []:
            timeline_id, _ = _place(data)
            identity = (timeline_id, data.get("step_id"), data.get("round"), response.get("agent_id"))
            if identity in self._turns:
                continue
            arm = str(response.get("arm") or data.get("arm") or "all")
            self._turns[identity] = turn = _Turn(_place(data), arm, response.get("status") == "answered")
            self._add(turn)

    def _add(self, turn: _Turn) -> None:
        if self.timeline.includes(*turn.place):
            (self.answered if turn.is_answered else self.failed)[turn.arm] += 1


def _place(data: JsonObject) -> tuple[str, int]:
    return str(data.get("timeline_id") or MAIN.timeline_id), int(data.get("place") or 0)
