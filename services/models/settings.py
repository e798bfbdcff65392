"""Settings of the models service. The only place where a provider's key is read."""

from typing import Self

from pydantic import Field, SecretStr, model_validator

from libs.runtime import ServiceSettings, service_config


class Settings(ServiceSettings):
    """`REHEARSAL_MODELS_…`. Without `upstream_url` only the offline model answers."""

    model_config = service_config("models")
    upstream_url: str = Field(default="", description="Base URL of an OpenAI-compatible API, such as https://host/v1.")
    api_key: SecretStr | None = Field(default=None, description="Its key, if it wants one.")
    upstream_models: str = Field(default="", description="Names of its models, separated by commas.")
    concurrency: int = Field(default=32, ge=1, le=2_000, description="Calls in flight at the upstream at once.")
    timeout_s: float = Field(default=60.0, gt=0, le=600, description="Longest time for one attempt.")

    @property
    def upstream_model_names(self) -> tuple[str, ...]:
        """The names as a list."""
        return tuple(dict.fromkeys(name.strip() for name in self.upstream_models.split(",") if name.strip()))

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.upstream_url and not self.upstream_url.startswith(("http://", "https://")):
            raise ValueError("upstream_url: must begin with http:// or https://")
        if bool(self.upstream_url) != bool(self.upstream_model_names):
            raise ValueError("upstream_url and upstream_models: give both, or neither")
        return self
