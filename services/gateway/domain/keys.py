"""Keys: 256 random bits that are shown once and kept as their SHA-256, which is enough for what cannot be guessed."""

import hashlib
import re
import secrets
from datetime import datetime
from typing import NamedTuple

from libs.contracts.identity import KEY, Identity, Role

PREFIX = "rk_"
LONGEST_SUBJECT = 200


class Grantee(NamedTuple):
    """With whom something is shared: one person of a tenant, or everybody there who has at least a role."""

    tenant: str
    subject: str | None
    role: Role | None


class Key(NamedTuple):
    """A key as it is kept. One with a `simulation_id` is a read-only link to that simulation, or shared with people."""

    tenant: str
    key_id: str
    name: str
    role: Role
    simulation_id: str | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    grantee_tenant: str | None = None
    grantee_subject: str | None = None
    grantee_role: Role | None = None
    scopes: tuple[str, ...] | None = None

    def shared_with(self, grantee: Grantee) -> "Key":
        """The same, for these people."""
        return self._replace(grantee_tenant=grantee.tenant, grantee_subject=grantee.subject, grantee_role=grantee.role)

    @property
    def grantee(self) -> Grantee | None:
        """With whom it is shared; None for keys and links."""
        if self.grantee_tenant is None:
            return None
        return Grantee(self.grantee_tenant, self.grantee_subject, self.grantee_role)

    def is_for(self, person: Identity) -> bool:
        """Whether it is shared with this person."""
        if person.tenant != self.grantee_tenant or person.simulation_id is not None:
            return False
        if self.grantee_role is not None:
            return person.role.covers(self.grantee_role)
        return person.subject == self.grantee_subject

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
            tenant=self.tenant,
            subject=f"{kind}:{self.key_id}",
            role=self.role,
            simulation_id=self.simulation_id,
            scopes=self.scopes,
        )

    def identity_of(self, person: Identity) -> Identity:
        """Who reads what is shared with them."""
        mine = self.identity
        subject = f"{mine.subject}:{person.subject}"[:LONGEST_SUBJECT]
        return mine.model_copy(update={"subject": subject, "scopes": person.scopes})


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
