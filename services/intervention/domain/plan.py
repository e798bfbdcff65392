"""The plan of one execution: frozen before the first exposure, with its hash.

The hash is the SHA-256 of the plan's canonical JSON: keys sorted, no spaces, UTF-8, times as pydantic writes them.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from libs.contracts.planning import Balance, Power, Randomisation
from libs.contracts.protocol import Plan
from services.intervention.domain.arms import main_effects
from services.intervention.domain.design import Design

FAMILY = "over all comparisons of the study: every metric, every arm against the baseline; controls and copies apart"
CORRECTIONS = {"holm": f"Holm, {FAMILY}", "benjamini_hochberg": f"Benjamini-Hochberg, {FAMILY}"}
STOPPING_RULE = "One analysis, once every assigned agent has answered or failed"


def freeze(
    of: Design,
    seed: int,
    planned_n: Mapping[str, int],
    frozen_at: datetime,
    *,
    randomisation: Randomisation | None = None,
    balance: Sequence[Balance] = (),
    power: Sequence[Power] = (),
) -> Plan:
    """The plan of one execution."""
    has_clock = of.measured_after is not None or any(arm.contacts for arm in of.arms)
    return Plan(
        intervention_id=of.id,
        name=of.name,
        type=of.type,
        arms=of.arms,
        instruments=of.instruments,
        target_segments=of.target_segments,
        planned_n=dict(planned_n),
        alpha=of.alpha,
        correction=CORRECTIONS[of.family],
        stopping_rule=STOPPING_RULE,
        design=of.design,
        seed=seed,
        frozen_at=frozen_at,
        family=of.family,
        target=of.target,
        exclude=of.exclude,
        exclude_interventions=of.exclude_interventions or None,
        sample_size=of.sample_size,
        randomisation=randomisation,
        balance=tuple(balance) or None,
        power=tuple(power) or None,
        contrasts=main_effects(of.arms) or None,
        measured_after_s=None if of.measured_after is None else of.measured_after.total_seconds(),
        starts_at=of.starts_at if has_clock else None,
    )


def has_one_step(plan: Plan) -> bool:
    """Whether everybody takes one turn, so that a first answer is also the last."""
    return plan.starts_at is None


def canonical(plan: Plan) -> bytes:
    """The plan as canonical JSON. Without nulls, so that a field that plans gain later leaves the hash of old ones."""
    document = plan.model_dump(mode="json", exclude_none=True)
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def plan_hash(plan: Plan) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical(plan)).hexdigest()
