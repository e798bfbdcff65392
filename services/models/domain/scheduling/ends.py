"""How a call ended, as far as its endpoint is concerned."""

from dataclasses import dataclass
from enum import StrEnum

from services.models.domain.scheduling.headers import Allowance


class Verdict(StrEnum):
    """What an ended call says about its endpoint."""

    ANSWERED = "answered"
    REFUSED = "refused"
    """Too many calls: 429."""
    FAILED = "failed"
    """A 5xx, or no connection."""
    LATE = "late"
    """No answer in time."""
    REJECTED = "rejected"
    """An error that is about the call itself (4xx): the endpoint is well."""
    ABANDONED = "abandoned"
    """Given up on our side: nothing."""


@dataclass(frozen=True, slots=True)
class End:
    """The end of one attempt."""

    verdict: Verdict
    latency_s: float = 0.0
    asked_s: float | None = None
    """Seconds after which the endpoint wants to be asked again."""
    reason: str = ""
    requests: Allowance | None = None
    tokens: Allowance | None = None
