"""Base classes of everything that crosses a service boundary.

`Data` is what services publish: frozen, and tolerant of fields a newer producer added. `Body` is what people send:
unknown fields are refused by name, because a misspelt option that is ignored would quietly change an experiment.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, field_validator

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
Kind = Literal["evt", "cmd"]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
JsonObject = dict[str, Any]


def _in_utc(time: datetime) -> datetime:
    if time.tzinfo is None:
        return time.replace(tzinfo=UTC)
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("must be between the years 1 and 9999 in UTC") from error


UtcTime = Annotated[datetime, AfterValidator(_in_utc)]
"""A time that somebody sends, in UTC unless it says otherwise, and one that every store holds."""


class Data(BaseModel):
    """Part of a published message. A field added after v1 was published is `X | None = None`; anything else is v2."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Body(BaseModel):
    """Part of an HTTP request body or a study file: unknown fields are refused, and so is text that no store takes.

    PostgreSQL cannot store NUL and UTF-8 has no lone surrogates: accepted here, they would fail somewhere else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _can_be_stored(cls, value: object) -> object:
        texts = value if isinstance(value, list | tuple) else [value]
        if any(isinstance(text, str) and UNSTORABLE.search(text) for text in texts):
            raise ValueError("may not contain NUL characters or lone surrogates")
        return value


class Contract(NamedTuple):
    """How a message travels: its owner, its name and the field its subject is keyed by.

    `service` publishes an event, and obeys a command. `consumers` are the services that subscribe.
    """

    kind: Kind
    service: str
    name: str
    key: str
    consumers: tuple[str, ...]
    version: int = 1
    spread: str | None = None
    """The field by which messages that come in great number are spread over partitions; None for all others."""

    @property
    def type(self) -> str:
        """The CloudEvents type, for example `rehearsal.population.population-ready.v1`."""
        return f"rehearsal.{self.service}.{self.name}.v{self.version}"

    @property
    def schema_name(self) -> str:
        """The file of the JSON Schema under schemas/events/."""
        return f"{self.name}.v{self.version}.schema.json"


class MessageData(Data):
    """The payload of one message type; subclasses set `contract`."""

    contract: ClassVar[Contract]

    @property
    def key(self) -> str:
        """The id in the last token of the subject."""
        return str(getattr(self, self.contract.key))
