"""Where a simulation comes from, and what it was said to take: given when it is made, kept and shown with it."""

from pydantic import Field

from libs.contracts.base import Body
from libs.contracts.ranges import Range


class Forecast(Body):
    """What was estimated before, to be held against what was used."""

    calls: Range
    prompt_tokens: Range
    completion_tokens: Range
    cost_usd: Range | None = Field(default=None, description="Null: the price table does not know the model.")
    seconds: Range


class Origin(Body):
    """What made a simulation. Every field is optional: one that was asked for by hand comes from nothing."""

    study_id: str | None = Field(default=None, min_length=1, max_length=64)
    study_version: int | None = Field(default=None, ge=1, lt=2**31)
    study_seed: int | None = Field(default=None, ge=0, lt=2**31, description="The seed the study ran with.")
    rerun_of: str | None = Field(default=None, min_length=1, max_length=64, description="Run again from this one.")
    cloned_from: str | None = Field(default=None, min_length=1, max_length=64, description="Set up as this one.")
    estimate: Forecast | None = None
