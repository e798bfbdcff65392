"""Keys: 256 random bits that are shown once and kept as their SHA-256, which is enough for what cannot be guessed."""

import hashlib
import re
import secrets
from datetime import datetime
from typing import NamedTuple

from libs.contracts.identity import KEY, Identity, Role

PREFIX = "rk_"


class Key(NamedTuple):
    """A key as it is kept. One with a `simulation_id` is a read-only link to that simulation."""

    tenant: str
    key_id: str
    name: str
    role: Role
    simulation_id: str | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def state(self, now: datetime) -> str:
        """active, expired or revoked."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"

    @property
    def identity(self) -> Identity:
        """Who speaks with it."""
        kind = "share" if self.simulation_id else "key"
        return Identity(
            tenant=self.tenant, subject=f"{kind}:{self.key_id}", role=self.role, simulation_id=self.simulation_id
        )


def new_secret() -> str:
    """A key as its owner gets it."""
    return PREFIX + secrets.token_urlsafe(32)


def is_secret(text: str) -> bool:
    """Whether a text has the form of a key."""
    return re.fullmatch(KEY, text) is not None


def digest(secret: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(secret.encode()).hexdigest()


def id_of(secret: str) -> str:
    """The id of a key: it follows from the key, so that one given by the settings has the same id at every start."""
    return f"key_{hashlib.sha256(b'id:' + secret.encode()).hexdigest()[:20]}"
