"""What somebody outside asked for over the bus, and what became of it."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from libs.contracts.base import JsonObject
from libs.contracts.errors import FieldError

UNREADABLE = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A request and its outcome: what it made, or every reason why it was rejected.

    The fingerprint of one that could not be read is `UNREADABLE`: it is carried out when it can be, after a replay.
    """

    request_id: str
    source: str
    fingerprint: str
    action: str
    sent_at: datetime
    handled_at: datetime
    intervention_id: str | None = None
    simulation_id: str | None = None
    errors: tuple[FieldError, ...] = ()

    @property
    def is_accepted(self) -> bool:
        """True for one that was carried out, whole."""
        return not self.errors


def fingerprint(source: str, data: JsonObject) -> str:
    """What two requests have in common that are the same one, sent twice."""
    return hashlib.sha256(json.dumps([source, data], sort_keys=True).encode()).hexdigest()
