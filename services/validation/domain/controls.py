"""Controls of a simulation: arms that cannot differ, and whether they do.

Where they do, something else than the stimulus differs between arms: the agents, the order of what they were asked, or
a model that takes the same person for somebody else in each arm (arXiv:2605.20767).
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.instruments import Answer, Instrument, MetricType
from services.validation.domain.answers import is_valid
from services.validation.domain.records import Simulation, Turn

FEWEST = 10


class ControlQuality(Data):
    """Arms that cannot differ in a metric, and whether they do."""

    kind: Literal["same_stimulus", "negative_control"]
    metric: str
    arms: list[str]
    p_value: float | None = Field(description="That they do not differ; null with too few answers.")


def controls_of(simulation: Simulation, answered: Sequence[Turn]) -> list[ControlQuality]:
    """Every pair of arms that were shown the same, in every metric; and all arms in every negative control."""
    if simulation.plan is None:
        return []
    shown = {arm.name: arm.stimulus for arm in simulation.plan.arms}
    same = [pair for pair in combinations(shown, 2) if shown[pair[0]] == shown[pair[1]]]
    everybody = list(shown)
    found = []
    for instrument in simulation.instruments:
        by_arm = _by_arm(instrument, answered)
        groups: list[tuple[Literal["same_stimulus", "negative_control"], list[str]]] = (
            [("negative_control", everybody)]
            if instrument.is_control
            else [("same_stimulus", list(pair)) for pair in same]
        )
        found += [
            ControlQuality(
                kind=kind, metric=instrument.name, arms=arms, p_value=_p_value(instrument, [by_arm[a] for a in arms])
            )
            for kind, arms in groups
            if instrument.type not in {MetricType.TEXT, MetricType.RANKING} and all(arm in by_arm for arm in arms)
        ]
    return found


def smallest_adjusted(controls: Sequence[ControlQuality]) -> float | None:
    """The smallest p-value after Holm; None where nothing could be tested."""
    from libs.stats import holm

    return min((p for p in holm([control.p_value for control in controls]) if p is not None), default=None)


def _by_arm(instrument: Instrument, answered: Sequence[Turn]) -> Mapping[str, list[Answer]]:
    """The last valid answer of every agent, by arm."""
    last: dict[tuple[str, str], Answer] = {}
    for turn in sorted(answered, key=lambda turn: turn.responded_at):
        value = turn.answers.get(instrument.name)
        if value is not None and is_valid(instrument, value):
            last[turn.arm, turn.agent_id] = value
    by_arm: dict[str, list[Answer]] = {}
    for (arm, _), value in sorted(last.items()):
        by_arm.setdefault(arm, []).append(value)
    return by_arm


def _p_value(instrument: Instrument, groups: Sequence[Sequence[Answer]]) -> float | None:
    """Of answers: their table by arm where there are few different ones, else the ranks of all arms."""
    from libs.stats import independence_test, kruskal_wallis

    if min(map(len, groups)) < FEWEST:
        return None
    if instrument.type in {MetricType.ORDINAL, MetricType.NUMERIC}:
        numbers = [[float(value) for value in group if isinstance(value, int | float)] for group in groups]
        test = kruskal_wallis(numbers)
        return test.p_value if test else None
    labels = sorted({str(value) for group in groups for value in group})
    table = [[[str(value) for value in group].count(label) for label in labels] for group in groups]
    found = independence_test(table)
    return found.p_value if found else 1.0
