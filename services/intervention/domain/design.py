"""What is tried on whom, and the plan frozen from it.

The plan's hash is the SHA-256 of its canonical JSON: keys sorted, no spaces, UTF-8, times as pydantic writes them.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from libs.contracts.base import Data
from libs.contracts.catalogue import resolve
from libs.contracts.errors import InvalidError
from libs.contracts.instruments import Instrument
from libs.contracts.protocol import Arm, Plan, Step, Stimulus
from libs.contracts.specs import InterventionSpec, InterventionType

CORRECTION = "Holm, over all comparisons of the study: every metric, every arm against the baseline"
STOPPING_RULE = "One analysis, once every assigned agent has answered or failed"
FIRST_STEP = "touch-1"


class Design(Data):
    """An intervention as it was asked for, its metrics resolved to instruments and its baseline chosen."""

    id: str
    name: str
    type: InterventionType
    arms: tuple[Arm, ...]
    instruments: tuple[Instrument, ...]
    target_segments: tuple[str, ...]
    population_id: str | None
    seed: int
    alpha: float
    created_at: datetime

    @property
    def baseline(self) -> str:
        """The arm every other one is compared with."""
        return next(arm.name for arm in self.arms if arm.is_baseline)


def design(spec: InterventionSpec, identity: str, seed: int, created_at: datetime) -> Design:
    """The design of a request. Raises `InvalidError` for metrics that do not resolve."""
    control = next((variant.name for variant in spec.variants if variant.is_control), spec.variants[0].name)
    return Design(
        id=identity,
        name=spec.name,
        type=spec.type,
        arms=tuple(
            Arm(
                name=variant.name,
                is_baseline=variant.name == control,
                stimulus=Stimulus(content=variant.content, channel=variant.channel, timing=variant.timing),
            )
            for variant in spec.variants
        ),
        instruments=resolve(spec.success_metrics),
        target_segments=tuple(dict.fromkeys(spec.target_segments)),
        population_id=spec.population_id,
        seed=seed,
        alpha=spec.alpha,
        created_at=created_at,
    )


def check_segments(targets: tuple[str, ...], segments: Mapping[str, int]) -> None:
    """Raises `InvalidError` naming the first target that is no segment of the population."""
    for position, target in enumerate(targets):
        if target not in segments:
            known = "its segments are allowed" if segments else "it has none, so leave target_segments empty"
            message = f"the population has no segment {target!r}; {known}"
            raise InvalidError(f"target_segments.{position}", message, tuple(segments))


def protocol(of: Design) -> tuple[Step, ...]:
    """The steps of an execution: every arm meets its stimulus once and is asked everything in the same turn."""
    stimuli = {arm.name: arm.stimulus for arm in of.arms}
    return (Step(kind="deliver", step_id=FIRST_STEP, round=1, stimuli=stimuli, instruments=of.instruments),)


def freeze(of: Design, seed: int, planned_n: Mapping[str, int], frozen_at: datetime) -> Plan:
    """The plan of one execution."""
    return Plan(
        intervention_id=of.id,
        name=of.name,
        type=of.type,
        arms=of.arms,
        instruments=of.instruments,
        target_segments=of.target_segments,
        planned_n=dict(planned_n),
        alpha=of.alpha,
        correction=CORRECTION,
        stopping_rule=STOPPING_RULE,
        design="between",
        seed=seed,
        frozen_at=frozen_at,
    )


def canonical(plan: Plan) -> bytes:
    """The plan as canonical JSON. Without nulls, so that a field that plans gain later leaves the hash of old ones."""
    document = plan.model_dump(mode="json", exclude_none=True)
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def plan_hash(plan: Plan) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical(plan)).hexdigest()
