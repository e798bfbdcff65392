"""Controls of a simulation: arms that cannot differ, and whether they do.

Where they do, something else than the stimulus differs between arms: the agents, the order of what they were asked, or
a model that takes the same person for somebody else in each arm (arXiv:2605.20767). As in results, agents who heard
each other are one unit, and who was asked again because of a condition is left out there.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal, NamedTuple

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.clusters import units_of
from libs.contracts.instruments import Answer, Instrument, MetricType
from services.validation.domain.answers import is_valid
from services.validation.domain.given import last_answers
from services.validation.domain.records import Simulation, Turn

FEWEST = 10


class ControlQuality(Data):
    """Arms that cannot differ in a metric, and whether they do."""

    kind: Literal["same_stimulus", "negative_control"]
    metric: str
    arms: list[str]
    p_value: float | None = Field(description="That they do not differ; null with too few answers.")


def controls_of(simulation: Simulation, answered: Sequence[Turn]) -> list[ControlQuality]:
    """Every pair of arms that show the same from beginning to end, in every metric; all arms in negative controls."""
    if simulation.plan is None:
        return []
    shown = {arm.name: (arm.stimulus, arm.contacts) for arm in simulation.plan.arms}
    same = [pair for pair in combinations(shown, 2) if shown[pair[0]] == shown[pair[1]]]
    everybody = list(shown)
    found = []
    units = units_of((turn.agent_id, turn.cluster_id) for turn in answered)
    test = _p_value if len(set(units.values())) == len(units) else _p_value_of_units
    for instrument in simulation.instruments:
        by_arm = _by_arm(simulation, instrument, answered, units)
        groups: list[tuple[Literal["same_stimulus", "negative_control"], list[str]]] = (
            [("negative_control", everybody)]
            if instrument.is_control
            else [("same_stimulus", list(pair)) for pair in same]
        )
        found += [
            ControlQuality(
                kind=kind, metric=instrument.name, arms=arms, p_value=test(instrument, [by_arm[a] for a in arms])
            )
            for kind, arms in groups
            if instrument.type not in {MetricType.TEXT, MetricType.RANKING} and all(arm in by_arm for arm in arms)
        ]
    return found


def smallest_adjusted(controls: Sequence[ControlQuality]) -> float | None:
    """The smallest p-value after Holm; None where nothing could be tested."""
    from libs.stats import holm

    return min((p for p in holm([control.p_value for control in controls]) if p is not None), default=None)


class Given(NamedTuple):
    """A valid answer, and the unit of the agent who gave it."""

    unit: str
    value: Answer


def _by_arm(
    simulation: Simulation, instrument: Instrument, answered: Sequence[Turn], units: Mapping[str, str]
) -> Mapping[str, list[Given]]:
    """The last valid answer of every agent, by arm."""
    valid = [turn for turn in answered if is_valid(instrument, turn.answers.get(instrument.name))]
    by_arm: dict[str, list[Given]] = {}
    for turn in last_answers(simulation, valid, instrument.name):
        by_arm.setdefault(turn.arm, []).append(Given(units[turn.agent_id], turn.answers[instrument.name]))
    return by_arm


def _p_value(instrument: Instrument, groups: Sequence[Sequence[Given]]) -> float | None:
    """Of answers: their table by arm where there are few different ones, else the ranks of all arms."""
    from libs.stats import independence_test, kruskal_wallis

    if min(map(len, groups)) < FEWEST:
        return None
    if instrument.type in {MetricType.ORDINAL, MetricType.NUMERIC}:
        test = kruskal_wallis([[_number(one.value, None) for one in group] for group in groups])
        return test.p_value if test else None
    labels = sorted({str(one.value) for group in groups for one in group})
    table = [[[str(one.value) for one in group].count(label) for label in labels] for group in groups]
    found = independence_test(table)
    return found.p_value if found else 1.0


def _p_value_of_units(instrument: Instrument, groups: Sequence[Sequence[Given]]) -> float | None:
    """Hotelling's test of means by unit; of a choice the smallest of its options, times how many (Bonferroni)."""
    from libs.stats import Clustered, clustered_omnibus

    if min(len({one.unit for one in group}) for group in groups) < FEWEST:
        return None
    options = instrument.options or (None,)
    found = [
        clustered_omnibus(
            [Clustered([_number(one.value, of) for one in group], [one.unit for one in group]) for group in groups]
        )
        for of in options
    ]
    values = [one.p_value for one in found if one is not None]
    return min(1.0, len(options) * min(values)) if values else None


def _number(value: Answer, option: str | None) -> float:
    if option is not None:
        return float(value == option)
    return float(value) if isinstance(value, int | float) else 0.0
