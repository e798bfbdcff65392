"""Settings of the webhooks service: `REHEARSAL_WEBHOOKS_<NAME>`, or `REHEARSAL_<NAME>`; lists are JSON."""

from ipaddress import IPv4Network, IPv6Network

from pydantic import Field, SecretStr

from libs.runtime import ServiceSettings, service_config


class Settings(ServiceSettings):
    """How hard addresses outside are tried, and which of them may be reached."""

    model_config = service_config("webhooks")
    secrets_key: SecretStr = Field(
        default=SecretStr(""),
        description="What the secrets of webhooks are derived from: at least 32 characters, the same for ever. "
        "Without it no webhook can be made.",
    )
    allowed_networks: list[IPv4Network | IPv6Network] = Field(
        default=[], description='Private networks that webhooks may reach all the same, as ["10.20.0.0/16"].'
    )
    allow_http: bool = Field(default=False, description="Accept http:// too. What is told can then be read on the way.")
    timeout_s: float = Field(default=10.0, gt=0, le=60, description="The longest a receiver may take, all in all.")
    tries: int = Field(default=8, ge=1, le=20, description="After so many a notification is dead.")
    first_retry_s: float = Field(default=5.0, gt=0, description="Before the second try; then five times as long each.")
    at_once: int = Field(default=32, ge=1, description="Requests under way at the same time.")
    at_once_each: int = Field(default=4, ge=1, description="Of these, to one webhook.")
    kept_days: int = Field(default=30, ge=1, description="How long what was sent, or is dead, stays in the log.")
    most_webhooks: int = Field(default=20, ge=1, description="Of one tenant.")
