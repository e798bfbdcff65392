"""What is known of a running simulation from its events. Applying an event twice changes nothing."""

from collections import Counter
from dataclasses import dataclass, field

from libs.client.sse import ServerEvent
from libs.contracts.base import JsonObject
from libs.contracts.orchestrator import SimulationState

TERMINAL = frozenset(state.value for state in SimulationState if state.is_terminal)


@dataclass(slots=True)
class Progress:
    """State and counts by arm; `planned` is empty until the arms are known."""

    state: str = SimulationState.DRAFT.value
    reason: str | None = None
    planned: dict[str, int] = field(default_factory=dict)
    answered: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    usage: JsonObject = field(default_factory=dict)
    verdict: str | None = None
    _seen: set[tuple[object, ...]] = field(default_factory=set)
    _asked: Counter[str] = field(default_factory=Counter)
    _skipped: Counter[str] = field(default_factory=Counter)
    _steps: dict[tuple[object, object], dict[str, int]] = field(default_factory=dict)

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
            self.reason = data.get("reason")
            self._plan(data.get("planned") or {})
            self.usage = data.get("usage") or self.usage
        elif event.name == "step-started":
            self._steps[data.get("step_id"), data.get("round")] = data.get("planned") or {}
            self._plan({})
        elif event.name == "delivery-completed":
            self._skip(data)
        elif event.name == "analysis-completed":
            self.verdict = data.get("verdict")
        elif event.name == "responses-recorded":
            self._count(data)

    def _plan(self, announced: dict[str, int]) -> None:
        """Turns planned: what the simulation says, or what its steps add up to when that is more (it came first)."""
        steps: Counter[str] = Counter()
        for planned in self._steps.values():
            steps.update(planned)
        for arm in (*announced, *steps):
            self._asked[arm] = max(self._asked[arm], announced.get(arm, 0), steps[arm])
        self.planned = {arm: asked - self._skipped[arm] for arm, asked in self._asked.items()}

    def _skip(self, data: JsonObject) -> None:
        """Some of those who were asked took no turn: a step was not for them, or asked for no response."""
        delivery = ("skipped", data.get("delivery_id"))
        if data.get("skipped") and delivery not in self._seen:
            self._seen.add(delivery)
            self._skipped[str(data.get("arm") or "all")] += int(data["skipped"])
            self._plan({})

    def _count(self, data: JsonObject) -> None:
        for response in data.get("responses") or []:
            turn = (data.get("step_id"), data.get("round"), response.get("agent_id"))
            if turn in self._seen:
                continue
            self._seen.add(turn)
            counts = self.answered if response.get("status") == "answered" else self.failed
            counts[str(response.get("arm") or data.get("arm") or "all")] += 1
