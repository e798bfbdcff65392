"""Bodies of the webhooks API, and what a webhook may be told of: the same events that systems outside may listen to."""

from pydantic import Field
from pydantic.config import JsonDict

from libs.contracts.base import Body, Name
from libs.contracts.registry import TO_OUTSIDE

EVENTS = tuple(message.contract.name for message in TO_OUTSIDE)
_NAMED: JsonDict = {"items": {"type": "string", "enum": [*EVENTS]}}


class WebhookSpec(Body):
    """A webhook to be made."""

    name: Name = Field(description="What it is for: shown in lists, nothing else.")
    url: str = Field(max_length=2_000, description="https://…, of the public internet.")
    events: list[str] = Field(min_length=1, max_length=len(EVENTS), json_schema_extra=_NAMED)


class WebhookChange(Body):
    """What is to be different about a webhook; null leaves it as it is."""

    name: Name | None = None
    url: str | None = Field(default=None, max_length=2_000)
    events: list[str] | None = Field(default=None, min_length=1, max_length=len(EVENTS))
    is_active: bool | None = Field(default=None, description="False: what happens is not told, what waits stays.")


class Rotation(Body):
    """A new secret for a webhook."""

    overlap_hours: int = Field(
        default=24, ge=0, le=168, description="How long the old secret signs too; 0 when somebody else may know it."
    )
