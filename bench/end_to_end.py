"""What the platform says of studies whose truth is known: from people over prompts and replies to its analysis.

Every p-value and interval is one that is served. In studies without an effect all arms show the same; in the others two
e-mails differ, by what follows from the offline model's equations for the whole pool (`offline.truth`). Exact tests,
which are used where counts are small, may find less than 5 %.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bench.conducting import Conducted, Grouping, Means, Pool
from bench.figure import Figure, figure, figure_between
from bench.trials import EMOTIONAL, RATIONAL
from libs.contracts.decision import alarms_of
from libs.contracts.evidence import Comparison, Interval
from libs.contracts.experiments import InterventionSpec
from libs.contracts.people import Agent
from libs.contracts.specs import PopulationSpec
from services.intervention.domain.design import Design
from services.intervention.domain.monitoring import monitor
from services.intervention.domain.scores import Finished

RUNS = 1_000
POOL = PopulationSpec.model_validate(
    {
        "name": "bench",
        "demographic_base": "usa_demographics",
        "size": 6_000,
        "segments": [
            {"name": "professionals", "size": 2_000, "fragments": ["health_conscious", "time_constrained"]},
            {"name": "families", "size": 2_000, "fragments": ["loving_parent", "budget_conscious"]},
        ],
    }
)
METRICS = ["purchase_intent", "open_rate", "click_through", "price_perception"]
CONTROLS = ["had_breakfast", "hours_slept"]
BASE, ARM, THIRD = "base", "arm", "third"
LOOK_EVERY, LOOKED_AT = 50, 1_000
GROUP = 4
EXACT = ("exact", "Fisher", "McNemar")
"""Words of methods that are cautious where counts are small."""


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of study: how many take part, whether they meet every arm, are asked several times, or hear each other."""

    name: str
    sample: int
    is_within: bool = False
    contacts: int = 1
    heard: Grouping | None = None


@dataclass(slots=True)
class Tally:
    """How often something was found, or held, of how many studies that could say."""

    hits: Counter[str] = field(default_factory=Counter)
    studies: Counter[str] = field(default_factory=Counter)
    cautious: set[str] = field(default_factory=set)
    """What is by construction found more seldom than the level says, at least in some studies."""

    def count(self, name: str, *, is_hit: bool, is_cautious: bool = False) -> None:
        """One more study."""
        self.studies[name] += 1
        self.hits[name] += is_hit
        if is_cautious:
            self.cautious.add(name)

    def rates(self) -> dict[str, float]:
        """By name."""
        return {name: self.hits[name] / count for name, count in self.studies.items()}


def in_groups(agents: Sequence[Agent]) -> dict[str, str]:
    """Groups of four who are alike: those of a segment, the most like-minded together."""
    alike = sorted(agents, key=lambda one: (one.segment or "", one.traits.get("health_interest", 0.0), one.agent_id))
    return {one.agent_id: f"group_{place // GROUP}/{alike[0].agent_id}" for place, one in enumerate(alike)}


FORMS = (
    Form("between", 180),
    Form("within", 60, is_within=True),
    Form("asked three times", 120, contacts=3),
    Form("groups of four", 240, heard=in_groups),
)


def spec_of(form: Form, arms: Sequence[tuple[str, dict[str, object]]]) -> InterventionSpec:
    """The request of a study of this form."""
    variants = []
    for name, stimulus in arms:
        shown: dict[str, object] = {"name": name, "is_control": name == BASE}
        if form.contacts == 1:
            variants.append({**shown, **stimulus})
        else:
            contact = {**stimulus, "metrics": [*METRICS, *CONTROLS]}
            variants.append({**shown, "touchpoints": [contact] * form.contacts})
    return InterventionSpec.model_validate(
        {
            "name": form.name,
            "type": "marketing_intervention",
            "variants": variants,
            "success_metrics": METRICS,
            "controls": CONTROLS,
            "design": "within" if form.is_within else "between",
            "sample_size": form.sample,
        }
    )


def without_effect(pool: Pool, form: Form) -> Design:
    """Three arms that show the same."""
    return pool.designed(spec_of(form, [(name, EMOTIONAL) for name in (BASE, ARM, THIRD)]))


def with_effect(pool: Pool, form: Form) -> Design:
    """Two e-mails."""
    return pool.designed(spec_of(form, [(BASE, EMOTIONAL), (ARM, RATIONAL)]))


async def rejections(pool: Pool, form: Form, runs: int) -> Tally:
    """What is found where there is nothing."""
    made, tally = without_effect(pool, form), Tally()
    for seed in range(runs):
        conducted = await pool.conduct(made, seed, form.heard)
        for name, p_value, method in _tests(conducted):
            is_exact = any(word in method for word in EXACT)
            tally.count(f"{form.name}: {name}", is_hit=p_value < conducted.plan.alpha, is_cautious=is_exact)
        found = {one.finding for one in conducted.analysis.comparisons if not one.is_control}
        raised = any(one.is_raised for one in alarms_of(conducted.plan, conducted.analysis))
        tally.count(f"{form.name}: any finding", is_hit=bool(found & {"higher", "lower"}), is_cautious=True)
        tally.count(f"{form.name}: any alarm", is_hit=raised, is_cautious=True)
    return tally


async def coverage(pool: Pool, form: Form, runs: int, first_seed: int = RUNS) -> Tally:
    """How often intervals hold the truth."""
    made, tally = with_effect(pool, form), Tally()
    truth = pool.truth(made)
    for seed in range(first_seed, first_seed + runs):
        conducted = await pool.conduct(made, seed, form.heard)
        for name, interval, value in _intervals(conducted, truth):
            tally.count(f"{form.name}: {name}", is_hit=interval[0] <= value <= interval[1])
    return tally


async def peeking(pool: Pool, runs: int, sample: int = LOOKED_AT) -> Tally:
    """Whether the platform's monitor, looked at every fifty responses, ever finds what is not there."""
    form = Form("looked at", sample)
    made, tally = pool.designed(spec_of(form, [(BASE, EMOTIONAL), (ARM, EMOTIONAL)])), Tally()
    for seed in range(runs):
        conducted = await pool.conduct(made, seed)
        turns = [Finished(one.agent_id, one.arm, one.segment, one.is_answered, one.answers) for one in conducted.turns]
        random.Random(seed).shuffle(turns)
        found = {
            one.metric
            for n in range(LOOK_EVERY, len(turns) + 1, LOOK_EVERY)
            for one in monitor(conducted.plan, turns[:n], is_offline=True)
            if one.interval is not None and not one.interval[0] <= 0 <= one.interval[1]
        }
        tally.count("any metric", is_hit=bool(found))
    return tally


async def measure() -> list[Figure]:
    """Everything, in the full number of runs."""
    pool = Pool(POOL, 1)
    found: list[Figure] = []
    for form in FORMS:
        tally = await rejections(pool, form, RUNS)
        for name, rate in tally.rates().items():
            label = f"end to end, no effect, found: {name}"
            bound = (
                figure(label, "%", [100 * rate], 6.4)
                if name in tally.cautious
                else figure_between(label, "%", 100 * rate, 3.6, 6.4)
            )
            found.append(bound)
        held = await coverage(pool, form, RUNS)
        found += [
            figure_between(f"end to end, truth held: {name}", "%", 100 * rate, 93.0, 97.0)
            for name, rate in held.rates().items()
        ]
    looks = await peeking(pool, RUNS)
    found += [
        figure(f"end to end, no effect, found at any of 20 looks: {name}", "%", [100 * rate], 5.0)
        for name, rate in looks.rates().items()
    ]
    return found


def _tests(conducted: Conducted) -> Iterator[tuple[str, float, str]]:
    analysis = conducted.analysis
    for one in analysis.comparisons:
        if one.arm == ARM and one.p_value is not None:
            yield _named(one), one.p_value, one.method
            for view in one.views or ():
                if view.p_value is not None:
                    yield f"{_named(one)}, {view.name}", view.p_value, view.method
    for omnibus in analysis.omnibus or ():
        yield f"{_label(omnibus.metric, omnibus.option)}, three arms", omnibus.p_value, omnibus.method
    for each in analysis.interactions or ():
        if each.arm == ARM and each.segment == "families":
            yield f"{_label(each.metric, each.option)}, segment against the rest", each.p_value, each.method


def _intervals(conducted: Conducted, truth: dict[str, Means]) -> Iterator[tuple[str, Interval, float]]:
    for one in conducted.analysis.comparisons:
        key = one.metric, one.option
        value, base = truth[one.arm][key], truth[one.baseline][key]
        if one.interval is not None:
            yield f"{_named(one)}, difference", one.interval, value - base
        if one.relative_lift_interval is not None:
            yield f"{_named(one)}, lift", one.relative_lift_interval, value / base - 1
    for each in conducted.analysis.estimates:
        if each.arm == ARM and each.interval is not None:
            key = each.metric, each.option
            yield _label(*key), each.interval, truth[ARM][key]


def _named(one: Comparison) -> str:
    return _label(one.metric, one.option)


def _label(metric: str, option: str | None) -> str:
    return metric if option is None else f"{metric} = {option}"
