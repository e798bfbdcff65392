"""Studies whose truth is known, drawn again and again: what each test and interval of `libs.stats` does in the long
run.

The offline model answers: its effects follow from its utilities, and with one stimulus in every arm there is none.
People are drawn with replacement from a pool, so the pool is the population. The small form in the tests runs the
same trials.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from libs.contracts.base import JsonObject
from libs.contracts.instruments import Instrument, MetricType
from libs.stats import Bivariate, Clustered, Interval, Moments, PairedCounts
from services.models.domain.offline.mind import Mind, meet
from services.models.domain.offline.noise import Noise
from services.models.domain.offline.turn import draw_answers

EMOTIONAL: JsonObject = {"content": "Don't miss out on transforming your health...", "channel": "email"}
RATIONAL: JsonObject = {"content": "Our clinical studies show 89% improvement...", "channel": "email"}
POOL, PEOPLE, PERSONAS, DRAWS = 600, 100, 20, 5
TRUTH_DRAWS = 100_000
SEGMENTS: tuple[dict[str, float], ...] = (
    {"health_interest": 0.6, "time_pressure": 0.6},
    {"family_orientation": 0.7, "price_sensitivity": 0.6},
    {},
)
LEVELS = tuple(range(1, 11))


@dataclass(frozen=True, slots=True)
class Group:
    """Answers of some people to one stimulus, at the same places."""

    people: list[int]
    opened: list[bool]
    clicked: list[bool]
    intent: list[float]
    control: list[float]

    @property
    def opens(self) -> tuple[int, int]:
        """How many opened, of how many."""
        return sum(self.opened), len(self.opened)

    @property
    def levels(self) -> list[int]:
        """How many gave each level of intent."""
        return [self.intent.count(level) for level in LEVELS]

    @property
    def clusters(self) -> Clustered:
        """Intent by persona."""
        return Clustered(self.intent, self.people)

    def by_segment(self) -> dict[str, Moments]:
        """Intent in each third of the people."""
        return {
            str(segment): Moments.of([v for who, v in zip(self.people, self.intent, strict=True) if who % 3 == segment])
            for segment in range(3)
        }


@dataclass(frozen=True, slots=True)
class Study:
    """Arms of different people, of the same people, and of few personas who answer several times."""

    arm: Group
    base: Group
    third: Group
    own_arm: Group
    own_base: Group
    own_third: Group
    drawn_arm: Group
    drawn_base: Group
    cloned_arm: Group
    cloned_base: Group


def _instrument(name: str, kind: MetricType, requires: str | None = None) -> Instrument:
    is_scale = kind is MetricType.ORDINAL
    return Instrument(
        name=name,
        type=kind,
        question=f"{name}?",
        minimum=1 if is_scale else None,
        maximum=10 if is_scale else None,
        options=(),
        requires=requires,
        role="secondary",
    )


METRICS = (
    _instrument("open_rate", MetricType.BINARY),
    _instrument("click_through", MetricType.BINARY, requires="open_rate"),
    _instrument("purchase_intent", MetricType.ORDINAL),
    _instrument("negative_control_score", MetricType.ORDINAL),
)


def _person(index: int) -> JsonObject:
    """One of an endless row of different people."""
    draw = random.Random(index)
    names = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism", "trust")
    traits = {name: max(-1.0, min(1.0, draw.gauss(0, 0.35))) for name in names}
    return {
        "name": f"Person {index}",
        "age": draw.randint(20, 75),
        "income": draw.choice([28_000, 60_000, 125_000]),
        "traits": {**traits, **SEGMENTS[index % 3]},
    }


@cache
def _minds(is_rational: bool) -> list[Mind]:
    return [meet(_person(index), RATIONAL if is_rational else EMOTIONAL) for index in range(POOL)]


def answer(people: Sequence[int], draw: np.random.Generator, *, is_rational: bool) -> Group:
    """These people are shown a stimulus and asked."""
    key, minds = int(draw.integers(2**62)), _minds(is_rational)
    replies = [draw_answers(minds[who], METRICS, Noise(f"{key} {place}"))[0] for place, who in enumerate(people)]
    return Group(
        people=list(people),
        opened=[bool(reply["open_rate"]) for reply in replies],
        clicked=[bool(reply["click_through"]) for reply in replies],
        intent=[float(reply["purchase_intent"]) for reply in replies],  # type: ignore[arg-type]
        control=[float(reply["negative_control_score"]) for reply in replies],  # type: ignore[arg-type]
    )


def conduct(draw: np.random.Generator, *, has_effect: bool) -> Study:
    """A study; without an effect every arm gets the same stimulus."""

    def some(n: int, each: int = 1) -> list[int]:
        return [int(who) for who in draw.integers(POOL, size=n) for _ in range(each)]

    def distinct(each: int) -> list[int]:
        return [int(who) for who in draw.choice(POOL, 2 * PERSONAS, replace=False) for _ in range(each)]

    def shown(people: Sequence[int], *, is_rational: bool = False) -> Group:
        return answer(people, draw, is_rational=is_rational)

    own, cloned, drawn = some(PEOPLE), distinct(DRAWS), distinct(DRAWS)
    half = PERSONAS * DRAWS
    return Study(
        arm=shown(some(PEOPLE), is_rational=has_effect),
        base=shown(some(PEOPLE)),
        third=shown(some(PEOPLE)),
        own_arm=shown(own, is_rational=has_effect),
        own_base=shown(own),
        own_third=shown(own),
        drawn_arm=shown(drawn[:half], is_rational=has_effect),
        drawn_base=shown(drawn[half:]),
        cloned_arm=shown(cloned[:half], is_rational=has_effect),
        cloned_base=shown(cloned[:half]),
    )


def moments(group: Group) -> Moments:
    """Of the intent."""
    return Moments.of(group.intent)


def pairs(study: Study) -> Bivariate:
    """The intent of the same people in both arms."""
    return Bivariate.of(study.own_arm.intent, study.own_base.intent)


def paired_opens(study: Study) -> PairedCounts:
    """Who opened what, of the same people."""
    return PairedCounts.of(study.own_arm.opened, study.own_base.opened)


def ratio(group: Group) -> Bivariate:
    """Intent for each point of the control item: the ratio of two sums, over people."""
    return Bivariate.of(group.intent, group.control)


def clicks(group: Group) -> Bivariate:
    """Clicks for each opening, of which there are few."""
    return Bivariate.of([float(c) for c in group.clicked], [float(o) for o in group.opened])


def covariate(group: Group) -> Bivariate:
    """The intent beside a control item, on which no stimulus has an effect."""
    return Bivariate.of(group.intent, group.control)


@cache
def _crowd(is_rational: bool) -> Group:
    """So many answers that what is worked out from them is the truth."""
    draw = np.random.default_rng(20_261_128 + is_rational)
    return answer([place % POOL for place in range(TRUTH_DRAWS)], draw, is_rational=is_rational)


@cache
def truth(of: Callable[[Group, Group], float]) -> float:
    """What an estimate would be if everybody were asked very often."""
    return of(_crowd(True), _crowd(False))


P = float | None
Held = tuple[Interval | None, float]


def rate_of_rejections(
    tests: dict[str, Callable[[Study], P]], runs: int, *, seed: int = 1, level: float = 0.05
) -> dict[str, float]:
    """The share of studies without an effect in which each test finds one."""
    found = dict.fromkeys(tests, 0)
    for run in range(runs):
        study = conduct(np.random.default_rng([seed, run]), has_effect=False)
        for name, test in tests.items():
            p_value = test(study)
            found[name] += p_value is not None and p_value < level
    return {name: count / runs for name, count in found.items()}


def rate_of_coverage(intervals: dict[str, Callable[[Study], Held]], runs: int, *, seed: int = 2) -> dict[str, float]:
    """The share of studies with an effect in which each interval holds the truth; one that is undefined does not."""
    found = dict.fromkeys(intervals, 0)
    for run in range(runs):
        study = conduct(np.random.default_rng([seed, run]), has_effect=True)
        for name, of in intervals.items():
            interval, value = of(study)
            found[name] += interval is not None and interval[0] <= value <= interval[1]
    return {name: count / runs for name, count in found.items()}
