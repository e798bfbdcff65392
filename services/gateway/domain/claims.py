"""From the claims of an identity provider to an identity here: who is in no known tenant or role is nobody."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from libs.contracts.identity import Identity, Role


class ClaimError(ValueError):
    """The claims name nobody that may come in."""


class Mapper(NamedTuple):
    """Which claims say the tenant and the role. A dot leads into an object: `realm_access.roles`."""

    tenant_claim: str
    tenant: str
    role_claim: str
    roles: Mapping[str, Role]

    def identity(self, claims: Mapping[str, Any]) -> Identity:
        """Who the claims speak of, with the highest role they name. Raises `ClaimError`."""
        tenant = self.tenant or _found(claims, self.tenant_claim)
        if not isinstance(tenant, str):
            raise ClaimError(f"the claim {self.tenant_claim!r} names no tenant")
        try:
            return Identity(tenant=tenant, subject=f"oidc:{claims['sub']}", role=self._role(claims))
        except ValidationError as error:
            fields = ", ".join(str(item["loc"][0]) for item in error.errors())
            raise ClaimError(f"the claims have no usable {fields}") from error

    def _role(self, claims: Mapping[str, Any]) -> Role:
        named = _found(claims, self.role_claim)
        values = named if isinstance(named, list) else [named]
        granted = [self.roles[value] for value in values if isinstance(value, str) and value in self.roles]
        if not granted:
            raise ClaimError(f"the claim {self.role_claim!r} names no role that the settings know")
        return max(granted, key=list(Role).index)


def _found(claims: Mapping[str, Any], path: str) -> Any:
    """The value of a claim: under its whole name (names may be URLs with dots), or along the dots."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
