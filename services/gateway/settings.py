"""Settings of the gateway: `REHEARSAL_GATEWAY_<NAME>`, or `REHEARSAL_<NAME>`; lists are JSON.

The service URLs are `http://host:port`, or `local://<service>` inside one process.
"""

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError

from libs.contracts.identity import KEY, TENANT, Role
from libs.runtime import ServiceSettings, service_config

# Public keys only: with HS256 whoever knows the public key could sign.
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
TenantName = Annotated[str, StringConstraints(pattern=TENANT)]


Colour = Annotated[str, StringConstraints(pattern=r"^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$")]


class Brand(BaseModel):
    """The white label of the pages: `brand.json`. Colours that could not be read are moved until they can."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    logo: Annotated[str, StringConstraints(pattern=r"^(/|data:image/)", max_length=200_000)] = "/ui/icon.svg"
    primary: Colour = "#4338ca"
    primary_dark: Colour = "#a5a0ff"


class Settings(ServiceSettings):
    """Where the owners are, and who may reach the gateway."""

    model_config = service_config("gateway")

    orchestrator_url: str = Field(default="http://127.0.0.1:8001", description="Where the orchestrator service is.")
    population_url: str = Field(default="http://127.0.0.1:8002", description="Where the population service is.")
    intervention_url: str = Field(default="http://127.0.0.1:8003", description="Where the intervention service is.")
    communication_url: str = Field(default="http://127.0.0.1:8004", description="Where the communication service is.")
    results_url: str = Field(default="http://127.0.0.1:8005", description="Where the results service is.")
    validation_url: str = Field(default="http://127.0.0.1:8006", description="Where the validation service is.")
    models_url: str = Field(default="http://127.0.0.1:8007", description="Where the models service is.")
    webhooks_url: str = Field(default="http://127.0.0.1:8008", description="Where the webhooks service is.")
    auth: str = Field(default="", description="How people get in: keys, oidc or none; needed off loopback.")
    signing_key: SecretStr = Field(default=SecretStr(""), description="Signs what services are told of who asks.")
    bootstrap_keys: dict[TenantName, SecretStr] = Field(
        default={}, description='First admin key of each tenant, as {"default": "rk_…"}.'
    )
    rate_per_minute: int = Field(default=1_200, ge=1, description="Requests a minute of one key or person.")
    rate_burst: int = Field(default=300, ge=1, description="Requests of one key or person at once.")
    oidc_issuer: str = Field(default="", description="The `iss` of tokens, and where the provider is found.")
    oidc_audience: str = Field(default="", description="The `aud` that tokens must be for.")
    oidc_jwks_url: str = Field(default="", description="Where the keys are, if the provider does not say it itself.")
    oidc_algorithms: list[Algorithm] = Field(
        default=["RS256", "ES256"], min_length=1, description="How tokens may be signed, as a JSON list."
    )
    oidc_tenant: str = Field(default="", description="The tenant of everybody, if no claim says it.")
    oidc_tenant_claim: str = Field(default="tenant", description="The claim that names the tenant.")
    oidc_role_claim: str = Field(default="roles", description="The claim that names roles; dots lead into objects.")
    oidc_roles: dict[str, Role] = Field(
        default={role.value: role for role in Role}, description="Which value of the claim is which role."
    )
    oidc_client_id: str = Field(default="", description="What the pages sign people in as; without it they do not.")
    oidc_client_secret: SecretStr = Field(default=SecretStr(""), description="If the provider wants one besides PKCE.")
    oidc_scope: str = Field(default="openid profile", description="What the pages ask the provider for.")
    oidc_authorization_url: str = Field(default="", description="Where people sign in, if it is at another host.")
    oidc_token_url: str = Field(default="", description="Where codes become tokens, if it is at another host.")
    metrics_port: int = Field(
        default=0, ge=0, le=65_535, description="A port where /metrics needs no key, for Prometheus alone; 0: none."
    )
    brand: Path | None = Field(default=None, description="A brand.json of your own (docs/pages.md).")
    allowed_hosts: list[str] = Field(default=[], description="Further host names this gateway is reached by.")
    erasure_nats_url: SecretStr = Field(
        default=SecretStr(""), description="URL of NATS for a user who may empty streams of a tenant; else nats_url."
    )
    max_streams: int = Field(default=200, ge=1, description="Event streams open at once.")
    max_streams_each: int = Field(default=100, ge=1, description="Of them, those of one key, link or person.")

    def url_of(self, owner: str) -> str:
        """The URL of a service."""
        return str(getattr(self, f"{owner}_url"))

    def incomplete(self) -> str | None:
        """What is missing, or wrong, for the way of getting in; None when all is there. It shows no secret."""
        if not self.database_url:
            return "REHEARSAL_GATEWAY_DATABASE_URL is not set: the gateway keeps keys and the audit log there."
        if self.brand is not None and (problem := _problem_of(self.brand)):
            return f"REHEARSAL_GATEWAY_BRAND: {problem}"
        if self.auth in {"keys", "oidc"} and not self.signing_key.get_secret_value():
            return (
                f"REHEARSAL_AUTH={self.auth} needs REHEARSAL_GATEWAY_SIGNING_KEY: services believe only what it "
                "signs. `rehearsal keys pair` makes it, with the REHEARSAL_IDENTITY_KEYS of the services."
            )
        if self.auth == "oidc" and not (self.oidc_issuer and self.oidc_audience):
            return "REHEARSAL_AUTH=oidc needs REHEARSAL_GATEWAY_OIDC_ISSUER and REHEARSAL_GATEWAY_OIDC_AUDIENCE."
        for name in ("oidc_issuer", "oidc_jwks_url", "oidc_authorization_url", "oidc_token_url"):
            url = urlsplit(getattr(self, name))
            if url.geturl() and url.scheme != "https" and url.hostname not in {"127.0.0.1", "localhost", "::1"}:
                return f"REHEARSAL_GATEWAY_{name.upper()} must begin with https://"
        for tenant, secret in self.bootstrap_keys.items():
            if not re.fullmatch(KEY, secret.get_secret_value()):
                return f"REHEARSAL_GATEWAY_BOOTSTRAP_KEYS: that of {tenant!r} is not as `rehearsal keys first` makes it"
        return None


def _problem_of(brand: Path) -> str | None:
    """Why a file is no brand."""
    try:
        Brand.model_validate_json(brand.read_bytes())
    except OSError as error:
        return f"{brand} cannot be read: {error.strerror}"
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc'])) or brand}: {first['msg']}"
    return None
