"""What was asked of those alone whom a condition chose.

Who opened a mail is likelier to open the next one. Where such people alone are asked the same again, their answers are
no part of an estimate: it would be higher, or lower, for who was asked more often. Where a metric is asked of nobody
else, its estimate is of the chosen, who are not comparable with another arm by design.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from libs.contracts.instruments import Answer


class Asking(NamedTuple):
    """A step as it matters here."""

    step_id: str
    arms: tuple[str, ...]
    metrics: tuple[str, ...]
    is_conditional: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which metrics are asked again, and which of the chosen alone."""

    again: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """By step and arm: what everybody in the arm is asked elsewhere."""
    alone: frozenset[tuple[str, str]] = frozenset()
    """Metrics, each with an arm in which only chosen people are asked for it."""

    def counted(self, step_id: str | None, arm: str, answers: Mapping[str, Answer]) -> Mapping[str, Answer]:
        """Of what was answered at a step that which counts in estimates."""
        again = self.again.get((step_id or "", arm), ())
        return {metric: answer for metric, answer in answers.items() if metric not in again} if again else answers


NOBODY = Chosen()


def chosen_by(steps: Iterable[Asking]) -> Chosen:
    """Of all steps of a simulation, in any order."""
    asked, everybody = tuple(steps), defaultdict[str, set[str]](set)
    for step in asked:
        for arm in step.arms:
            everybody[arm].update(() if step.is_conditional else step.metrics)
    places = [(step, arm) for step in asked if step.is_conditional for arm in step.arms]
    again = {(step.step_id, arm): tuple(m for m in step.metrics if m in everybody[arm]) for step, arm in places}
    alone = {(metric, arm) for step, arm in places for metric in step.metrics if metric not in everybody[arm]}
    return Chosen({place: metrics for place, metrics in again.items() if metrics}, frozenset(alone))
