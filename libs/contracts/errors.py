"""Errors a domain may raise; libs.http turns each into a problem+json answer."""

import dataclasses
import re
from collections.abc import Mapping, Sequence

ALLOWED = re.compile(r"\ballowed(?: here)?: (.+)$")


def in_words(kind: str, message: str, value: object, context: Mapping[str, object]) -> str:
    """What a person is told of an error of pydantic, by its type, the value and its context."""
    if kind == "string_type" and isinstance(value, int | float):
        return "should be text: put it in quotes"
    if kind in {"too_short", "too_long"}:
        most = "at least" if kind == "too_short" else "at most"
        limit = context.get("min_length" if kind == "too_short" else "max_length")
        return f"needs {most} {limit}; there are {context.get('actual_length')}"
    if kind == "string_too_short" and value == "":
        return "is empty"
    if kind.startswith("time_delta"):
        return "is no duration as ISO 8601 has it, such as PT6H or P2D"
    return _WORDS.get(kind, message)


_WORDS = {
    "missing": "is required",
    "model_type": "should be fields with their values",
    "model_attributes_type": "should be fields with their values",
    "dict_type": "should be names with their values",
    "list_type": "should be a list",
    "tuple_type": "should be a list, such as [1, 7]",
}


def allowed_of(message: str) -> tuple[str, ...]:
    """The values that a message of a validator says are allowed."""
    named = ALLOWED.search(message)
    return tuple(named[1].split(", ")) if named else ()


@dataclasses.dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field, and what would have been right."""

    field: str
    message: str
    allowed: tuple[str, ...] = ()

    def within(self, part: str) -> "FieldError":
        """The same of a body of which this was a part; `part` may be empty."""
        return dataclasses.replace(self, field=".".join(filter(None, (part, self.field))))


class DomainError(Exception):
    """A request that is refused for a reason its sender can act on."""

    title = "The request cannot be carried out"
    status = 400

    def __init__(self, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)


class NotFoundError(DomainError):
    """No such thing (for this tenant)."""

    title = "Not found"
    status = 404

    def __init__(self, kind: str, identity: str) -> None:
        super().__init__(f"There is no {kind} {identity!r}.")


class ForbiddenError(DomainError):
    """Somebody is known, and may not do this."""

    title = "Not allowed"
    status = 403


class InvalidError(DomainError):
    """A field has a value that is not allowed."""

    title = "The request is not valid"
    status = 422

    def __init__(self, field_name: str, message: str, allowed: Sequence[str] = ()) -> None:
        super().__init__(f"{field_name}: {message}", [FieldError(field_name, message, tuple(allowed))])


def invalid(errors: Sequence[FieldError]) -> DomainError:
    """The refusal of a document that has these errors."""
    refusal = DomainError("; ".join(f"{error.field}: {error.message}" for error in errors), errors)
    refusal.status, refusal.title = InvalidError.status, InvalidError.title
    return refusal


class ConflictError(DomainError):
    """The thing is in a state that does not allow this."""

    title = "Not possible in this state"
    status = 409


class NotAvailableError(DomainError):
    """Planned, documented, and not built yet."""

    title = "Not available yet"
    status = 501

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not available in this version.")


class BudgetError(DomainError):
    """A budget is spent. Nothing is wrong with what was asked for: it is done when the budget is raised."""

    title = "The budget is spent"
    status = 402
