"""What an endpoint's model takes, as it was found out, and how to ask when it refuses something.

Learning and probing are one mechanism: `without` gives the next way to ask, until the server accepts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from services.models.domain.refusals import Cause


class Format(StrEnum):
    """How a JSON answer is asked for."""

    JSON_SCHEMA = "json_schema"
    JSON_VALUE = "json_value"
    """A JSON object with the schema beside it, as TGI takes it."""
    JSON_OBJECT = "json_object"
    PROMPT = "prompt"

    @property
    def weaker(self) -> "Format | None":
        """The next way to ask when this one is refused."""
        return {Format.JSON_SCHEMA: Format.JSON_OBJECT, Format.PROMPT: None}.get(self, Format.PROMPT)

    @property
    def is_enforced(self) -> bool:
        """True when the server itself keeps the answer to the schema."""
        return self in {Format.JSON_SCHEMA, Format.JSON_VALUE}


class TokenLimit(StrEnum):
    """The parameter by which the length of an answer is limited."""

    NEW = "max_completion_tokens"
    OLD = "max_tokens"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a chat model takes. The defaults are what OpenAI takes."""

    format: Format = Format.JSON_SCHEMA
    token_limit: TokenLimit = TokenLimit.NEW
    seed: bool = True
    system_role: bool = True
    consecutive_messages: bool = True
    """Whether two messages of one role may follow each other; the templates of some models forbid it."""
    usage: bool = True
    """Whether it says how many tokens it counted; they are estimated otherwise."""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Capabilities":
        """From the JSON of its fields."""
        return cls(
            **{**document, "format": Format(document["format"]), "token_limit": TokenLimit(document["token_limit"])}
        )

    def without(self, cause: Cause) -> "Capabilities | None":
        """How to ask a server that refused this; None when there is no other way."""
        changed = self
        match cause:
            case Cause.FORMAT if (weaker := self.format.weaker) is not None:
                changed = replace(self, format=weaker)
            case Cause.FORMAT_VALUE if self.format in {Format.JSON_SCHEMA, Format.JSON_OBJECT}:
                changed = replace(self, format=Format.JSON_VALUE)
            case Cause.SEED:
                changed = replace(self, seed=False)
            case Cause.TOKEN_LIMIT:
                changed = replace(self, token_limit=TokenLimit.OLD)
            case Cause.SYSTEM_ROLE:
                changed = replace(self, system_role=False)
            case Cause.ALTERNATION:
                changed = replace(self, consecutive_messages=False)
        return changed if changed != self else None


BEST = Capabilities()


@dataclass(frozen=True, slots=True)
class Found:
    """What was found out about a model of an endpoint, when, and what that cost."""

    endpoint: str
    url: str
    model: str
    capabilities: Capabilities | None
    """None for a model for embeddings."""
    dimensions: int | None
    """Length of a vector; None for a chat model."""
    found_at: datetime
    calls: int
    prompt_tokens: int
    completion_tokens: int

    def is_fresh(self, url: str, now: datetime, lifetime: timedelta) -> bool:
        """Whether it still holds: about the same server, and not too long ago."""
        return self.url == url and now - self.found_at < lifetime
