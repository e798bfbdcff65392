"""What can go wrong when talking to a platform: it is not there, or it answers with a problem (RFC 9457)."""

from dataclasses import dataclass

import httpx


class ClientError(Exception):
    """A request that brought no result."""


class UnreachableError(ClientError):
    """Nothing answers at the address, or it stopped answering."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"No platform answers at {url} ({reason}).")
        self.url = url
        self.reason = reason


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What the platform says about one field of the request."""

    field: str
    message: str
    allowed: tuple[str, ...] = ()

    def __str__(self) -> str:
        allowed = f" (allowed: {', '.join(self.allowed)})" if self.allowed else ""
        return f"{self.field}: {self.message}{allowed}" if self.field else f"{self.message}{allowed}"


class ProblemError(ClientError):
    """The platform refused the request; `errors` names the fields that are wrong and what would be right."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        errors: tuple[FieldProblem, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{title}: {detail}" if detail else title)
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = errors
        self.retry_after = retry_after

    @classmethod
    def of(cls, response: httpx.Response) -> "ProblemError":
        """Read a problem from an answer that was read in full; an answer that is no problem+json becomes one too."""
        try:
            body = response.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            body = {"detail": response.text[:300]}
        return cls(
            response.status_code,
            str(body.get("title") or response.reason_phrase or f"HTTP {response.status_code}"),
            str(body.get("detail") or ""),
            tuple(_field_problem(entry) for entry in body.get("errors") or [] if isinstance(entry, dict)),
            _seconds(response.headers.get("retry-after")),
        )


def _field_problem(entry: dict[str, object]) -> FieldProblem:
    allowed = entry.get("allowed")
    return FieldProblem(
        str(entry.get("field") or ""),
        str(entry.get("message") or ""),
        tuple(str(value) for value in allowed) if isinstance(allowed, list) else (),
    )


def _seconds(header: str | None) -> float | None:
    try:
        return float(header) if header else None
    except ValueError:
        return None
