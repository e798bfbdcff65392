"""Who was asked and gave no answer, by arm, and from where on that casts doubt.

Losses that differ between arms make arms differ; those that are alike in all arms still leave a study of whoever
answered. Up to 5 % is usually of little concern, from 20 % on readers should be concerned about bias (Schulz and
Grimes, Lancet 2002; 359:781-785). An agent is lost to a metric when its turn failed, or its answer could not be read.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from libs.contracts.evidence import Flag
from libs.contracts.names import titled
from services.results.domain import wording
from services.results.domain.outcomes import Outcome
from services.results.domain.records import Study
from services.results.domain.replies import Reply
from services.results.domain.samples import Headcount, Sample

UNEQUAL = 0.05
"""Points between two arms, above which their losses are unequal."""
NOTED, SERIOUS = 0.05, 0.2
"""Shares of all who were asked."""


@dataclass(frozen=True, slots=True)
class Loss:
    """By arm: agents who were asked a metric and answered it; of no metric, turns that were taken and answered."""

    metric: str | None
    asked: Mapping[str, int]
    answered: Mapping[str, int]

    @property
    def by_arm(self) -> dict[str, float]:
        """The share of each arm."""
        return {arm: (n - self.answered[arm]) / n if n else 0.0 for arm, n in self.asked.items()}

    @property
    def share(self) -> float:
        """The share of all."""
        asked = sum(self.asked.values())
        return (asked - sum(self.answered.values())) / asked if asked else 0.0


def worst_loss(
    study: Study,
    outcomes: Sequence[Outcome],
    samples: Sequence[Mapping[str, Sample]],
    heads: Headcount,
    replies: Sequence[Reply],
) -> Loss:
    """That of the primary metric, or of turns where they lost more.

    The metric counts where everybody is asked it: whom a funnel or a condition leaves out is not lost. Without a plan
    it is not known who was to be asked what.
    """
    found = []
    for outcome, values in zip(outcomes, samples, strict=True):
        is_primary = outcome.instrument.role == "primary" and study.plan is not None
        is_of_all = study.chosen.alone.isdisjoint((outcome.metric, arm) for arm in values)
        if is_primary and is_of_all and not outcome.is_conditional:
            found.append(Loss(outcome.metric, heads.assigned, {arm: one.agents for arm, one in values.items()}))
    taken, answered = Counter(one.arm for one in replies), Counter(one.arm for one in replies if one.is_answered)
    found.append(Loss(None, *({arm: turns[arm] for arm in heads.assigned} for turns in (taken, answered))))
    return max(found, key=lambda loss: loss.share)


def loss_flags(loss: Loss) -> list[Flag]:
    """Losses of all arms together, and unequal ones."""
    found, by_arm = [], loss.by_arm
    if loss.share >= NOTED:
        is_serious = loss.share >= SERIOUS
        asked = "turns failed"
        if loss.metric is not None:
            asked = f"those asked gave no answer to {titled(loss.metric)}"
        end = ", enough to change what was found" if is_serious else ""
        message = f"{wording.percent(loss.share, 0)} of {asked}{end}"
        severity = "caution" if is_serious else "note"
        told = {"kind": "attrition", "metric": loss.metric, "arm": None, "message": message, "severity": severity}
        found.append(Flag.model_validate(told))
    most = max(by_arm, key=lambda arm: by_arm[arm])
    gap = by_arm[most] - min(by_arm.values())
    if gap > UNEQUAL:
        of = "turns" if loss.metric is None else "agents"
        message = f"lost {by_arm[most]:.0%} of its {of}, {gap * 100:.0f} points more than another arm"
        found.append(Flag(kind="attrition", metric=None, arm=most, message=message))
    return found
