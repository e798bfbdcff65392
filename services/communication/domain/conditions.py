"""Who takes a step that is only for some: decided by an agent's own earlier answer."""

from libs.contracts.instruments import Answer
from libs.contracts.protocol import Condition


def holds(condition: Condition, answer: Answer) -> bool:
    """Whether an answer is so. No answer (never asked, or not reached in the funnel) never is, not even `is_not`."""
    wanted = condition.value
    if answer is None:
        return False
    match condition.operator:
        case "is":
            return _equal(answer, wanted)
        case "is_not":
            return not _equal(answer, wanted)
        case "one_of":
            return isinstance(wanted, tuple | list) and any(_equal(answer, option) for option in wanted)
        case "at_least":
            return _is_number(answer) and _is_number(wanted) and answer >= wanted  # type: ignore[operator]
        case "at_most":
            return _is_number(answer) and _is_number(wanted) and answer <= wanted  # type: ignore[operator]


def _equal(answer: Answer, wanted: Answer) -> bool:
    """Equal and of one kind: 1 is not true. A ranking is what stands first in it."""
    if isinstance(answer, tuple | list) and isinstance(wanted, str):
        return bool(answer) and answer[0] == wanted
    return isinstance(answer, bool) == isinstance(wanted, bool) and answer == wanted


def _is_number(value: Answer) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
