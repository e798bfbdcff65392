"""Settings of the models service: which endpoints there are. The only place where a provider's key is read.

Endpoints are data: a JSON or YAML file lists them, and names the environment variable of each key, never a key. One
endpoint can be given by settings alone (`upstream_url`, `upstream_models`, `api_key`); it is called `upstream`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import yaml
from pydantic import BaseModel, Field, SecretStr, StringConstraints, ValidationError, field_validator, model_validator

from libs.contracts.base import Body, Name
from libs.contracts.turns import Mode
from libs.runtime import ServiceSettings, secret, service_config

UPSTREAM = "upstream"
Form = TypeVar("Form", bound=BaseModel)
EndpointName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class ServedModel(Body):
    """A model of an endpoint. In a file the bare name stands for one that the endpoint knows by the same name."""

    name: Name = Field(description="The name by which studies ask for it; it stands at one endpoint only.")
    served_as: Name = Field(description="The name the endpoint knows; at Azure, the deployment.")
    mode: Mode = Field(default="interactive", description="How it is called when who asks does not say.")

    @model_validator(mode="before")
    @classmethod
    def _may_be_a_name(cls, value: object) -> object:
        if isinstance(value, str):
            value = {"name": value}
        if isinstance(value, dict) and "name" in value:
            value = {"served_as": value["name"]} | value
        return value


class Endpoint(Body):
    """A server that speaks OpenAI's HTTP API."""

    name: EndpointName
    url: str = Field(
        description="Base URL, such as https://host/v1; for Azure the resource, https://name.openai.azure.com"
    )
    kind: Literal["openai", "azure"] = "openai"
    api_version: str | None = Field(default=None, description="Azure: asks deployments by this version of its API.")
    api_key_env: str | None = Field(default=None, description="Name of the environment variable that holds its key.")
    models: tuple[ServedModel, ...] = ()
    embedding_models: tuple[ServedModel, ...] = ()
    concurrency: int = Field(
        default=1_000,
        ge=1,
        le=20_000,
        description="Most calls in flight for one model; how many it bears is found out.",
    )
    initial_concurrency: int = Field(
        default=32, ge=1, le=20_000, description="Calls in flight while that is not known."
    )
    timeout_s: float = Field(default=60.0, gt=0, le=3_600, description="Longest time for one attempt.")
    outage_s: float = Field(default=300.0, ge=0, description="How long calls wait for it while it is away.")
    rpm: int | None = Field(default=None, ge=1, description="Requests a minute that it allows.")
    tpm: int | None = Field(default=None, ge=1, description="Tokens a minute that it allows.")
    batches: bool = Field(default=False, description="Whether it takes batch jobs (mode: economy).")
    probe: bool = Field(default=True, description="Find out with a few tiny calls what its models take.")

    @model_validator(mode="before")
    @classmethod
    def _holds_no_key(cls, given: object) -> object:
        if isinstance(given, dict) and "api_key" in given:
            raise ValueError("api_key: a key does not stand in a file; name its environment variable in api_key_env")
        return given

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if not (self.models or self.embedding_models):
            raise ValueError("models: name at least one, here or in embedding_models")
        if not self.batches and (names := [model.name for model in self.models if model.mode == "economy"]):
            raise ValueError(f"batches: must be true for {names[0]!r}, whose mode is economy")
        if self.api_version is not None and self.kind != "azure":
            raise ValueError("api_version: belongs to the kind azure")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """All its models, as studies ask for them."""
        return tuple(model.name for model in (*self.models, *self.embedding_models))


class EndpointsFile(Body):
    """The file of endpoints."""

    endpoints: tuple[Endpoint, ...]


class Settings(ServiceSettings):
    """`REHEARSAL_MODELS_…`. Without an endpoint only the offline model answers."""

    model_config = service_config("models")
    endpoints_file: Path | None = Field(default=None, description="JSON or YAML file of endpoints.")
    upstream_url: str = Field(default="", description="Base URL of an OpenAI-compatible API, such as https://host/v1.")
    api_key: SecretStr | None = Field(default=None, description="Its key, if it wants one.")
    upstream_models: str = Field(default="", description="Names of its models, separated by commas.")
    upstream_embedding_models: str = Field(default="", description="Names of its models for embeddings.")
    concurrency: int = Field(default=2_000, ge=1, le=20_000, description="Most calls in flight at the upstream.")
    initial_concurrency: int = Field(
        default=32, ge=1, le=20_000, description="Calls in flight at the upstream at first."
    )
    timeout_s: float = Field(default=60.0, gt=0, le=3_600, description="Longest time for one attempt.")
    outage_s: float = Field(default=300.0, ge=0, description="How long calls wait for the upstream while it is away.")
    rpm: int | None = Field(default=None, ge=1, description="Requests a minute that the upstream allows.")
    tpm: int | None = Field(default=None, ge=1, description="Tokens a minute that the upstream allows.")
    batches: bool = Field(default=False, description="Whether the upstream takes batch jobs.")
    probe: bool = Field(default=True, description="Find out what the upstream's models take.")
    prices_file: Path | None = Field(default=None, description="JSON or YAML file of prices that go before ours.")
    economy_linger_s: float = Field(default=20.0, ge=0, description="How long calls are collected for a batch job.")
    economy_poll_s: float = Field(default=30.0, gt=0, description="How often it is asked how a batch job is.")
    capabilities_hours: float = Field(default=24.0, gt=0, description="How long it is believed what a model takes.")

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """All endpoints, in the order in which they were given. Raises `ValueError` naming what is wrong."""
        found = (*self._upstream(), *_read(self.endpoints_file))
        _refuse_repeated("name of an endpoint", [endpoint.name for endpoint in found])
        _refuse_repeated("name of a model", [name for endpoint in found for name in endpoint.names])
        return found

    def key_of(self, endpoint: Endpoint) -> SecretStr | None:
        """The key of an endpoint. Raises `ValueError` when the variable that should hold it is not set."""
        if endpoint.api_key_env is None:
            return self.api_key if endpoint.name == UPSTREAM else None
        key = secret(endpoint.api_key_env)
        if not key:
            raise ValueError(f"endpoint {endpoint.name!r}: the environment variable {endpoint.api_key_env} is not set")
        return SecretStr(key)

    def _upstream(self) -> Iterator[Endpoint]:
        """The endpoint that the settings themselves describe."""
        if self.upstream_url:
            yield Endpoint(
                name=UPSTREAM,
                url=self.upstream_url,
                models=_names(self.upstream_models),
                embedding_models=_names(self.upstream_embedding_models),
                concurrency=self.concurrency,
                initial_concurrency=self.initial_concurrency,
                timeout_s=self.timeout_s,
                outage_s=self.outage_s,
                rpm=self.rpm,
                tpm=self.tpm,
                batches=self.batches,
                probe=self.probe,
            )

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.upstream_url and not self.upstream_url.startswith(("http://", "https://")):
            raise ValueError("upstream_url: must begin with http:// or https://")
        if bool(self.upstream_url) != bool(_names(self.upstream_models) or _names(self.upstream_embedding_models)):
            raise ValueError("upstream_url and upstream_models: give both, or neither")
        return self


def proxy_of(url: str) -> str | None:
    """The proxy that the environment names for a URL (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`)."""
    parts = urlsplit(url)
    if proxy_bypass(parts.netloc):
        return None
    return getproxies().get(parts.scheme)


def _names(text: str) -> tuple[ServedModel, ...]:
    """Models of a list with commas."""
    names = dict.fromkeys(name.strip() for name in text.split(",") if name.strip())
    return tuple(ServedModel(name=name, served_as=name) for name in names)


def _read(path: Path | None) -> tuple[Endpoint, ...]:
    """The endpoints of a file."""
    if path is None:
        return ()
    return read_document("endpoints_file", path, EndpointsFile).endpoints


def read_document(setting: str, path: Path, form: type[Form]) -> Form:
    """The document in a file of JSON or YAML. Raises `ValueError` naming the setting, the file and what is wrong."""
    try:
        return form.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"{setting} {path}: {error}") from error
    except ValidationError as error:
        raise ValueError(f"{setting} {path}: {'; '.join(map(_reason, error.errors()))}") from error


def _reason(item: Mapping[str, Any]) -> str:
    """One thing that is wrong, by the name of its field; not its value, which may be a key in the wrong place."""
    where = ".".join(map(str, item["loc"])) or "the file"
    return f"{where}: {'is not a field here' if item['type'] == 'extra_forbidden' else item['msg']}"


def _refuse_repeated(what: str, names: list[str]) -> None:
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if repeated:
        raise ValueError(f"{repeated[0]!r} is the {what} twice")
