"""What is refused of a message that a system outside sends over NATS, as `POST /events` refuses it.

Services may be of different versions while they are replaced, so a field that is null may be one that is new.
"""

from collections.abc import Mapping

from libs.contracts.base import MessageData

SPECVERSION = "1.0"


def check_from_outside(headers: Mapping[str, str], kind: type[MessageData], document: Mapping[str, object]) -> None:
    """Raises `ValueError` for another version of CloudEvents, and for a field that the message does not have."""
    version = headers.get("ce-specversion", SPECVERSION)
    if version != SPECVERSION:
        raise ValueError(f"ce-specversion is {version!r}, expected {SPECVERSION!r}")
    unknown = sorted(name for name, value in document.items() if value is not None and name not in kind.model_fields)
    if unknown:
        raise ValueError(f"data.{unknown[0]} is not a field of this event; allowed: {', '.join(kind.model_fields)}")
