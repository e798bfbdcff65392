"""How a running simulation is shown on stderr: bars for a terminal, a line now and then for a log."""

import sys
import time
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from libs.client.progress import Progress
from libs.contracts.orchestrator import SimulationState

if TYPE_CHECKING:
    from rich.progress import TaskID

LINE_EVERY_S = 5.0
GOES_ON = {
    "request": "`rehearsal resume` lets it go on.",
    "budget": "`rehearsal budget` with a higher cap lets it go on. If the budget of the tenant or of the month is "
    "spent, raise that, then `rehearsal resume`.",
}


class Display(Protocol):
    """Shows progress while its context lasts."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def show(self, progress: Progress) -> None:
        """Draw what is known now."""


def display() -> Display:
    """The display that fits where stderr goes."""
    return Bars() if sys.stderr.isatty() else Lines()


class Lines(AbstractContextManager["Lines"]):
    """Plain lines: one for every state, and counts every few seconds."""

    def __init__(self) -> None:
        self._state = ""
        self._written = 0.0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def show(self, progress: Progress) -> None:
        """Write a line when it is time."""
        is_due = progress.done and time.monotonic() - self._written >= LINE_EVERY_S
        if progress.state == self._state and not is_due:
            return
        self._state, self._written = progress.state, time.monotonic()
        print(_summary(progress), file=sys.stderr, flush=True)


class Bars:
    """A bar for everything and one for each arm."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        self._bars = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TextColumn("[red]{task.fields[failed]}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._all = self._bars.add_task("waiting", total=None, failed="")
        self._arms: dict[str, TaskID] = {}
        self._state = ""

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def show(self, progress: Progress) -> None:
        """Move the bars."""
        from rich.markup import escape

        if progress.state != self._state and progress.state == SimulationState.PAUSED:
            self._bars.console.print(_paused(progress), markup=False, highlight=False)
        self._state = progress.state
        total = progress.total or None
        failed = progress.failed.total()
        text = f"{failed} failed" if failed else ""
        self._bars.update(
            self._all, description=f"[bold]{progress.state}", total=total, completed=progress.done, failed=text
        )
        for arm, planned in progress.planned.items():
            if arm not in self._arms:
                self._arms[arm] = self._bars.add_task(f"  {escape(arm)}", total=planned, failed="")
            done = progress.answered[arm] + progress.failed[arm]
            lost = f"{progress.failed[arm]} failed" if progress.failed[arm] else ""
            self._bars.update(self._arms[arm], total=planned, completed=done, failed=lost)


def _paused(progress: Progress) -> str:
    """Why it waits, and what lets it go on."""
    from services.cli.verdict import clean

    why = f"{progress.state}: {clean(progress.reason or 'somebody wanted it')}".rstrip(".")
    return f"{why}. {GOES_ON.get(progress.paused_for or 'request', GOES_ON['request'])}"


def _summary(progress: Progress) -> str:
    if progress.state == SimulationState.PAUSED:
        return _paused(progress)
    if not progress.total:
        return progress.state
    arms = ", ".join(f"{arm} {progress.answered[arm]}/{planned}" for arm, planned in progress.planned.items())
    failed = f", {progress.failed.total()} failed" if progress.failed.total() else ""
    return f"{progress.state}: {progress.answered.total()}/{progress.total} answered ({arms}){failed}"
