"""The audit log as a chain: the hash of each entry covers the entry and the hash of the one before.

Whoever has the last hash can prove that nothing before it was changed, left out or put in. The first entry of a tenant
follows `GENESIS`.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel, ConfigDict

GENESIS = "0" * 64


class AuditEntry(BaseModel):
    """One write or refusal: who asked for what, and what the answer was."""

    model_config = ConfigDict(frozen=True)

    sequence: int
    at: datetime
    tenant: str
    subject: str
    role: str
    method: str
    path: str
    status: int
    address: str
    correlation_id: str
    previous: str
    hash: str


def hash_of(entry: AuditEntry) -> str:
    """The hash an entry must have."""
    fields = entry.model_dump(mode="json", exclude={"hash"})
    return hashlib.sha256(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def sealed(entry: AuditEntry) -> AuditEntry:
    """The entry with its hash."""
    return entry.model_copy(update={"hash": hash_of(entry)})


class Chain:
    """Checks entries in their order; `fault` says what is wrong with the first one that does not fit."""

    def __init__(self) -> None:
        self.length = 0
        self.head = GENESIS
        self.fault: str | None = None
        self.heads: set[str] = {GENESIS}

    def follow(self, entries: Iterable[AuditEntry]) -> None:
        """Check further entries; nothing after a fault is looked at."""
        for entry in entries:
            if self.fault is None:
                self.fault = self._fault_of(entry)
            if self.fault is not None:
                return
            self.length, self.head = entry.sequence, entry.hash
            self.heads.add(entry.hash)

    def _fault_of(self, entry: AuditEntry) -> str | None:
        if entry.sequence != self.length + 1:
            return f"entry {self.length + 1} is missing: entry {entry.sequence} comes after entry {self.length}"
        if entry.previous != self.head:
            return f"entry {entry.sequence} does not follow entry {self.length}: one of them was replaced"
        if hash_of(entry) != entry.hash:
            return f"entry {entry.sequence} was changed after it was written"
        return None
