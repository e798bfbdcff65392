"""What is away while others try again and again: told at once, then twice a minute, and once that it is back."""

import time

EVERY_S = 30.0


class Absences:
    """Lines about one thing that is away. Not for several threads."""

    def __init__(self, every_s: float = EVERY_S) -> None:
        self._every_s = every_s
        self._told: dict[str, float] = {}

    def is_due(self, line: str) -> bool:
        """Whether this line is to be told now; then it was."""
        now = time.monotonic()
        is_due = now - self._told.get(line, -self._every_s) >= self._every_s
        if is_due:
            self._told[line] = now
        return is_due

    def end(self) -> bool:
        """It is back. Whether its absence had been told."""
        was_told = bool(self._told)
        self._told.clear()
        return was_told
