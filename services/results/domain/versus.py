"""Simulations side by side: the arms of all of them, each against one baseline, as one corrected family.

An arm is named `simulation/arm`. Where two arms were met by the same people of one population they are compared in
pairs, else as different people. Only what was asked in the same way is compared: a metric of the same name with another
scale or other options is not the same metric. Unlike arms of one simulation, these were not dealt at random to one
another; what else differs between the simulations is said in `warnings`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.clusters import OWN
from libs.contracts.evidence import Comparison, Estimate, Evidence, SampleRatioCheck
from libs.contracts.findings import Way
from libs.contracts.instruments import Instrument
from libs.contracts.protocol import Stimulus
from libs.contracts.turns import is_offline
from services.results.domain.analysis import comparison_of, estimate
from services.results.domain.contrasts import Compared, compare
from services.results.domain.evidence import Evidences
from services.results.domain.finding import WAYS, correct_apart, ways
from services.results.domain.outcomes import Outcome, outcomes_of
from services.results.domain.records import Study
from services.results.domain.replies import Replies, Reply
from services.results.domain.samples import Headcount, Sample, Units, by_agent, count_heads, values_by_arm

FAMILY = "every metric and every arm of the simulations compared, by the rule of the baseline's plan; controls apart"


class Side(Data):
    """One arm of one simulation."""

    label: str
    simulation_id: str
    intervention_id: str | None
    name: str
    arm: str
    model: str
    population_id: str
    answered: int


class Versus(Data):
    """Simulations side by side."""

    baseline: str
    sides: tuple[Side, ...]
    estimates: tuple[Estimate, ...]
    comparisons: tuple[Comparison, ...]
    not_compared: dict[str, str]
    better: dict[str, Way] = Field(description=WAYS)
    warnings: tuple[str, ...]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Analysed:
    """A simulation that was analysed, with what was answered."""

    study: Study
    replies: Replies

    @property
    def arms(self) -> tuple[str, ...]:
        """In the order of its plan."""
        return self.study.arms_among(self.replies.arms)


def label_of(simulation_id: str, arm: str) -> str:
    """The name of an arm among those of several simulations."""
    return f"{simulation_id}/{arm}"


def labels_of(found: Sequence[Analysed]) -> tuple[str, ...]:
    """The arms of all simulations, in their order."""
    return tuple(label_of(one.study.simulation_id, arm) for one in found for arm in one.arms)


def default_baseline(found: Sequence[Analysed]) -> str:
    """The baseline of the first simulation."""
    first = found[0]
    return label_of(first.study.simulation_id, first.study.baseline(first.arms))


def set_side_by_side(found: Sequence[Analysed], baseline: str, metrics: Sequence[str] | None = None) -> Versus:
    """Every arm against the baseline on every metric that all simulations asked alike."""
    shared, not_compared = shared_instruments([one.study for one in found], metrics)
    people = _people(found)
    replies = sorted(
        (reply for one, who in zip(found, people, strict=True) for reply in _relabelled(one, who)), key=by_agent
    )
    labels, heads = labels_of(found), _heads(found, replies)
    worth = _worth(found, heads)
    outcomes = outcomes_of(shared)
    samples = [values_by_arm(outcome, labels, replies) for outcome in outcomes]
    level = found[0].study.confidence_level
    return Versus(
        baseline=baseline,
        sides=tuple(side for one in found for side in _sides(one)),
        estimates=tuple(
            estimate(outcome, label, values[label], worth, level)
            for outcome, values in zip(outcomes, samples, strict=True)
            for label in labels
        ),
        comparisons=_comparisons(found[0].study, baseline, outcomes, samples, worth),
        not_compared=not_compared,
        better=ways(shared),
        warnings=tuple(_warnings([one.study for one in found], people)),
        evidence=worth.overall(heads),
    )


def shared_instruments(
    studies: Sequence[Study], metrics: Sequence[str] | None
) -> tuple[tuple[Instrument, ...], dict[str, str]]:
    """The instruments that all studies asked alike; of each other one, why it is left out."""
    asked: dict[str, list[Instrument]] = {}
    for study in studies:
        for instrument in study.instruments:
            asked.setdefault(instrument.name, []).append(instrument)
    kept, left = [], {}
    for name, same in asked.items():
        if metrics is not None and name not in metrics:
            continue
        if len(same) < len(studies):
            left[name] = "not asked in every simulation"
        elif len({one.form for one in same}) > 1:
            left[name] = "asked with another scale, other options or another condition"
        else:
            kept.append(same[0])
    return tuple(kept), left


def _comparisons(
    first: Study, baseline: str, outcomes: Sequence[Outcome], samples: Sequence[dict[str, Sample]], worth: Evidences
) -> tuple[Comparison, ...]:
    made: list[tuple[Outcome, str, Compared]] = []
    for outcome, values in zip(outcomes, samples, strict=True):
        base = values[baseline]
        for label, sample in values.items():
            if label != baseline:
                is_within = _are_the_same(sample, base)
                made.append(
                    (outcome, label, compare(outcome, sample, base, first.confidence_level, is_within=is_within))
                )
    alarms = [bool(outcome.instrument.is_control) for outcome, *_ in made]
    adjusted = correct_apart(first, [one.contrast.p_value for *_, one in made], alarms)
    return tuple(
        comparison_of(first, outcome, label, baseline, one, p, worth, is_control=is_control)
        for (outcome, label, one), p, is_control in zip(made, adjusted, alarms, strict=True)
    )


def _are_the_same(sample: Sample, base: Sample) -> bool:
    """Whether all units of the smaller sample are in the other one."""
    fewer = min(len(sample.units), len(base.units))
    return fewer > 0 and len(set(sample.units) & set(base.units)) == fewer


def _people(found: Sequence[Analysed]) -> list[str]:
    """The population of each simulation; where the same people were drawn again, the one that has them first."""
    people: list[str] = []
    for place, one in enumerate(found):
        before = (who for other, who in zip(found[:place], people, strict=True) if _are_drawn_alike(one, other))
        people.append(next(before, one.study.population_id))
    return people


def _are_drawn_alike(one: Analysed, other: Analysed) -> bool:
    """One population, or two of one recipe and one seed, of whom everybody who answered in both is the same."""
    if one.study.population_id == other.study.population_id:
        return True
    mine, theirs = one.study.people, other.study.people
    if mine is None or theirs is None or mine.seed is None or mine != theirs.model_copy(update={"name": mine.name}):
        return False
    names = sorted(one.replies.people.keys() | other.replies.people.keys())
    own, others = one.replies.profiles(names), other.replies.profiles(names)
    both = own.keys() & others.keys()
    return bool(both) and all(own[agent] == others[agent] for agent in both)


def _relabelled(one: Analysed, people: str) -> Iterator[Reply]:
    """What was answered, with arms, agents and groups that cannot be mistaken for those of another simulation.

    An agent stays the same in all simulations of the same people.
    """
    study = one.study
    for reply in one.replies.all:
        yield replace(
            reply,
            arm=label_of(study.simulation_id, reply.arm),
            own=f"{OWN}{people}/{reply.agent_id}",
            cluster_id=None if reply.cluster_id is None else f"{study.simulation_id}/{reply.cluster_id}",
        )


def _heads(found: Sequence[Analysed], replies: Sequence[Reply]) -> Headcount:
    counted = [(one, count_heads(one.study, one.arms, one.replies.all)) for one in found]

    def joined(name: str) -> dict[str, int]:
        return {
            label_of(one.study.simulation_id, arm): count
            for one, heads in counted
            for arm, count in getattr(heads, name).items()
        }

    units = Units(replies)
    clusters = len({units.of(reply.own) for reply in replies if reply.is_answered})
    return Headcount(joined("assigned"), joined("answered"), joined("failed"), joined("units"), clusters)


def _worth(found: Sequence[Analysed], heads: Headcount) -> Evidences:
    """Nobody planned a split between simulations, so there is no ratio to check."""
    return Evidences(
        is_offline=any(is_offline(one.study.model) for one in found),
        attrition=heads.attrition,
        sample_ratio=SampleRatioCheck(planned=heads.assigned, completed=heads.answered, p_value=None, is_flagged=False),
        correction=FAMILY,
        looks=1,
    )


def _sides(one: Analysed) -> list[Side]:
    study = one.study
    heads = count_heads(study, one.arms, one.replies.all)
    return [
        Side(
            label=label_of(study.simulation_id, arm),
            simulation_id=study.simulation_id,
            intervention_id=study.intervention_id,
            name=study.name,
            arm=arm,
            model=study.model,
            population_id=study.population_id,
            answered=heads.answered[arm],
        )
        for arm in one.arms
    ]


def _warnings(studies: Sequence[Study], people: Sequence[str]) -> list[str]:
    found = []
    if len({study.model for study in studies}) > 1:
        found.append("the simulations were made with different models: a difference may be theirs")
    if len(set(people)) > 1:
        found.append("the simulations have different populations: a difference may be that of the people")
    elif len({study.population_id for study in studies}) > 1:
        found.append("the simulations have populations of their own, in which the same people were drawn with one seed")
    found += [f"the arm {arm} is not the same in all of them: it shows {part}" for arm, part in _unlike(studies)]
    if len(studies) > 1:
        found.append("people were dealt at random to the arms of one simulation, not to simulations")
    return found


def _unlike(studies: Sequence[Study]) -> Iterator[tuple[str, str]]:
    """Arms of one name in several simulations that were not the same, with what people met differently."""
    met: dict[str, list[tuple[Stimulus, ...]]] = {}
    for study in studies:
        for arm, shown in _shown(study).items():
            met.setdefault(arm, []).append(shown)
    for arm, all_shown in met.items():
        if len({tuple(one.content for one in shown) for shown in all_shown}) > 1:
            yield arm, "another text"
        elif len(set(all_shown)) > 1:
            yield arm, "the same text in another way"


def _shown(study: Study) -> dict[str, tuple[Stimulus, ...]]:
    """What each arm met, in its order."""
    if study.plan:
        return {
            arm.name: tuple(contact.stimulus for contact in arm.contacts or ()) or (arm.stimulus,)
            for arm in study.plan.arms
        }
    arms = sorted({arm for step in study.steps.values() for arm in step.stimuli})
    return {arm: tuple(step.stimuli[arm] for step in study.steps.values() if arm in step.stimuli) for arm in arms}
