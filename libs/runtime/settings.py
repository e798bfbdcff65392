"""Settings of a service: `REHEARSAL_<SERVICE>_<NAME>`, or `REHEARSAL_<NAME>` for all services.

Each is an environment variable, or a file of that name in the folder that `REHEARSAL_SECRETS_DIR` names; variables go
before files.
"""

import os
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from libs.bus.streams import Spread
from libs.bus.tls import Tls

PREFIX = "REHEARSAL_"
FOLDER = "REHEARSAL_SECRETS_DIR"


class ServiceSettings(BaseSettings):
    """What every service needs to know."""

    database_url: str = Field(default="", description="sqlite:///path or postgresql://…")
    nats_url: str = Field(default="nats://127.0.0.1:4222", description="One or more URLs, separated by commas.")
    nats_ca: Path | None = Field(default=None, description="PEM file of who signs the certificate of nats-server.")
    nats_cert: Path | None = Field(default=None, description="PEM file of this service's own certificate.")
    nats_key: Path | None = Field(default=None, description="PEM file of its key.")
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")
    identity_keys: str = Field(
        default="", description="Public keys of the gateway, separated by commas; needed off loopback."
    )
    service_key: SecretStr = Field(default=SecretStr(""), description="Signs what this service asks of another one.")
    service_keys: dict[str, str] = Field(
        default={}, description='Public keys of services that may ask this one, as {"communication": "…"}.'
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")
    migrate: bool = Field(
        default=True, description="Whether tables are changed at start; else by `python -m services.<service> migrate`."
    )
    stream_replicas: int = Field(default=1, ge=1, le=5, description="Replicas of each JetStream stream.")
    stream_spread: Spread = Field(
        default=1, description="JetStream streams for responses, and for deliveries: 1 (with the others), 4 or 16."
    )
    ack_wait_s: float = Field(
        default=10.0, ge=1, description="A message that nobody settled or keeps alive for so long is delivered again."
    )
    drain_s: float = Field(
        default=120.0,
        gt=0,
        description="When it is asked to stop: the time for what is in hand. What runs it has to wait 30 s longer.",
    )
    work_at_once: int = Field(
        default=4,
        ge=1,
        description="Deliveries (64 turns, of large arms 256) run at once; of each stream one at least.",
    )
    hold_s: float = Field(default=5.0, gt=0, description="How often work that waits for a decision is looked at again.")
    retention_days: int = Field(default=30, ge=1, description="How long outbox and inbox rows are kept.")

    @field_validator("stream_spread", mode="before")
    @classmethod
    def _is_a_number(cls, value: object) -> object:
        return int(value) if isinstance(value, str) and value.isdecimal() else value

    @property
    def nats_tls(self) -> Tls:
        """How the connection to NATS is secured."""
        return Tls(self.nats_ca, self.nats_cert, self.nats_key)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the service's own variables, then the shared ones, then files likewise."""
        variables = (env_settings, EnvSettingsSource(settings_cls, env_prefix=PREFIX))
        folder, own = os.environ.get(FOLDER), settings_cls.model_config.get("env_prefix", PREFIX)
        prefixes = (own, PREFIX) if folder else ()
        files = (SecretsSettingsSource(settings_cls, folder, env_prefix=prefix) for prefix in prefixes)
        return init_settings, *variables, *files


def secret(name: str) -> str | None:
    """What an environment variable holds, or the file of its name; None when there is neither."""
    if value := os.environ.get(name):
        return value
    folder = os.environ.get(FOLDER)
    path = Path(folder, name) if folder else None
    return path.read_text(encoding="utf-8").strip() or None if path is not None and path.is_file() else None


def service_config(service: str) -> SettingsConfigDict:
    """The pydantic-settings configuration of one service."""
    return SettingsConfigDict(env_prefix=f"{PREFIX}{service.upper()}_", extra="ignore", frozen=True)
