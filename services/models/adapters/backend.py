"""The port behind which models answer."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol, TypeAlias

from services.models.domain.calls import Call, Outcome
from services.models.domain.scheduling.shares import Share

Wanted: TypeAlias = Callable[[str], bool]
"""Whether anybody waits for the call of a key."""


class Backend(Protocol):
    """Answers calls to the models it names. It never raises for a call: a failure is an outcome."""

    @property
    def models(self) -> Sequence[str]:
        """Names of its models."""

    @property
    def is_free(self) -> bool:
        """True when its calls cost nothing, whatever the price table says."""

    @property
    def is_batched(self) -> bool:
        """True when its calls are made in batch jobs, at their price."""

    def snapshot(self, model: str) -> str:
        """The exact version that answers now; part of the ledger key."""

    def run(self, calls: Sequence[Call], share: Share, is_wanted: Wanted) -> AsyncIterator[Outcome]:
        """Make the calls, and give their outcomes in the order in which they finish; `share` is whose turn it takes.

        One that nobody waits for any more need not be made, if it has not begun: it is withdrawn.
        """
