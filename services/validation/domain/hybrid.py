"""Hybrid studies: answers of people to the questions of a finished simulation, and what both together say of people.

What is predicted for a person is what the agent made after them answered, else the mean of the agents of their segment
in their arm, else that of all in their arm. Agents who met both arms predict the effect itself: it is then estimated
from their own differences (DiP++), not from two means that are rectified apart. The agents stand for the people who
were not asked; so the people have to be drawn from those whom the agents stand for, which nothing here can check but
for their segments. What an agent says who heard others is theirs as well, and no prediction for one person: where
agents talked, nobody is paired.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import fmean

from libs.contracts.base import JsonObject
from libs.contracts.instruments import Answer, Instrument, MetricType
from libs.contracts.validation import RectifiedEstimate
from libs.stats import (
    Moments,
    Rectified,
    gain_of_more,
    independence_test,
    rectified_cloned_difference,
    rectified_difference,
    rectified_mean,
    standardised_difference,
)
from services.validation.domain.answers import is_valid
from services.validation.domain.ledger.entries import Entry, entry_from
from services.validation.domain.people import Agent, Person
from services.validation.domain.records import Simulation

LEVEL = 0.95
FEWEST = 10
"""People in an arm below whom nothing is rectified: the interval would speak of next to nobody."""
FEWEST_OF_EACH = 5
"""People of either kind in a share, those who clicked and those who did not: with fewer its interval does not hold."""
OTHER_PEOPLE = 0.01
NAMED = 5
METHOD = "PPI++: prediction-powered inference with power tuning"
CLONED = "DiP++: differences of agents who met both arms, rectified with people of each"
Predictor = Callable[[Person], float]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A number of each answer: the value, whether it is true, whether it is an option, the rank of an option."""

    metric: str
    option: str | None
    number: Callable[[Answer], float | None]


def outcomes_of(instruments: Sequence[Instrument]) -> Iterator[Outcome]:
    """What can be estimated of each metric; of texts nothing."""
    for instrument in instruments:
        options = instrument.options if instrument.type in {MetricType.CHOICE, MetricType.RANKING} else (None,)
        if instrument.type is not MetricType.TEXT:
            yield from (Outcome(instrument.name, option, _reader(instrument, option)) for option in options)


def rectify(
    instruments: Sequence[Instrument], people: Sequence[Person], agents: Sequence[Agent], baseline: str | None
) -> list[RectifiedEstimate]:
    """Every metric in every arm, and every arm against the baseline; what has too few people is left out."""
    found: list[RectifiedEstimate] = []
    people = _unpaired(people) if _have_talked(agents) else people
    arms = sorted({person.arm for person in people})
    for outcome in outcomes_of(instruments):
        means = {arm: one for arm in arms if (one := _mean(outcome, arm, people, agents)) is not None}
        found += [_estimate(outcome, arm, None, one) for arm, one in means.items()]
        if baseline in means:
            for arm in (arm for arm in means if arm != baseline):
                one = _cloned(_Side(outcome, arm, people, agents), _Side(outcome, baseline, people, agents))
                method = METHOD if one is None else CLONED
                one = one or rectified_difference(means[arm], means[baseline], LEVEL)
                found.append(_estimate(outcome, arm, baseline, one, method))
    return found


def caveats_of(people: Sequence[Person], agents: Sequence[Agent]) -> list[str]:
    """What a reader has to know before believing it."""
    found = ["the interval is about the people whom these people were drawn from, at random or not"]
    if _have_talked(agents) and any(person.agent_id is not None for person in people):
        people = _unpaired(people)
        found.append(
            "agents heard each other, so that what one of them answered is no prediction for one person: for "
            "everybody the mean of their segment is predicted"
        )
    paired = sum(person.agent_id is not None for person in people)
    if not paired and not any(person.segment for person in people):
        found.append(
            "nobody is paired with an agent or has a segment, so the simulation predicts the same for everybody: it "
            "adds nothing to what the people say"
        )
    silent = {one.agent_id for one in people if one.agent_id is not None} - {agent.agent_id for agent in agents}
    if silent:
        some = ", ".join(sorted(silent)[:NAMED]) + (", …" if len(silent) > NAMED else "")
        found.append(
            f"{len(silent)} of the agents whom people are paired with answered nothing in this simulation ({some}): "
            "for those people the mean of their segment is predicted"
        )
    shares = [Counter(one.segment or "" for one in of) for of in (people, agents)]
    names = sorted(set(shares[0]) | set(shares[1]))
    has_segments = any(person.segment for person in people)
    test = independence_test([[of[name] for name in names] for of in shares]) if has_segments else None
    if test is not None and test.p_value < OTHER_PEOPLE:
        found.append(
            f"the people are spread over segments unlike the agents (p = {test.p_value:.1g}): weigh them before you "
            "believe an estimate of all segments together"
        )
    return found


def entries_of_arms(
    simulation: Simulation, people: Sequence[Person], agents: Sequence[Agent], *, study: str, source: str, now: datetime
) -> list[Entry]:
    """What the ledger learns: the mean of each arm, and the effect of each arm against the baseline."""
    found: list[Entry] = []
    known: JsonObject = {"study": study, "simulator": simulation.model, "origin": "hybrid", "source": source}
    arms = sorted({person.arm for person in people})
    for outcome in outcomes_of(simulation.instruments):
        both = {arm: (_moments(outcome, arm, people), _moments(outcome, arm, agents)) for arm in arms}
        both = {arm: pair for arm, pair in both.items() if min(one.n for one in pair) >= FEWEST}
        base = both.get(simulation.baseline_arm or "")
        for arm, (human, simulated) in both.items():
            effects = None if base is None or base == both[arm] else _effects((human, simulated), base)
            fields = {
                **known,
                "outcome": " · ".join(part for part in (outcome.metric, outcome.option, arm) if part),
                "recorded_at": now,
                **{"human_mean": human.mean, "human_sd": human.standard_deviation, "human_n": human.n},
                **{"simulated_mean": simulated.mean, "simulated_sd": simulated.standard_deviation},
                "simulated_n": simulated.n,
                **(effects or {}),
            }
            found.append(entry_from(fields))
    return found


def _moments(outcome: Outcome, arm: str, answered: Sequence[Person] | Sequence[Agent]) -> Moments:
    given = (outcome.number(one.answers.get(outcome.metric)) for one in answered if one.arm == arm)
    return Moments.of([value for value in given if value is not None])


def _effects(pair: tuple[Moments, Moments], base: tuple[Moments, Moments]) -> JsonObject | None:
    human, simulated = (standardised_difference(*two) for two in zip(pair, base, strict=True))
    return {"human_effect": human.d, "simulated_effect": simulated.d} if human and simulated else None


def _have_talked(agents: Sequence[Agent]) -> bool:
    return any(agent.unit is not None for agent in agents)


def _unpaired(people: Sequence[Person]) -> list[Person]:
    return [replace(person, agent_id=None) for person in people]


class _Side:
    """People and agents of one arm, who are sorted, so that their order changes nothing."""

    def __init__(self, outcome: Outcome, arm: str, people: Sequence[Person], agents: Sequence[Agent]) -> None:
        asked = [
            (p, x) for p in people if p.arm == arm and (x := outcome.number(p.answers.get(outcome.metric))) is not None
        ]
        self.asked = sorted(asked, key=lambda pair: pair[0].person_id)
        self.simulated = {
            agent.agent_id: (agent.segment, value)
            for agent in sorted(agents, key=lambda agent: agent.agent_id)
            if agent.arm == arm and (value := outcome.number(agent.answers.get(outcome.metric))) is not None
        }
        self.own = {person.agent_id for person, _ in self.asked} & self.simulated.keys()

    @property
    def is_enough(self) -> bool:
        """Whether anything can be said. Where everybody answers alike, an interval would have no width."""
        counts = Counter(value for _, value in self.asked)
        is_share = counts.keys() <= {0.0, 1.0}
        differ = len(counts) > 1 and (not is_share or min(counts.values()) >= FEWEST_OF_EACH)
        return len(self.asked) >= FEWEST and differ and len(self.simulated) >= 2

    def of_people(self) -> tuple[list[float], list[float]]:
        """What they answered, and what was predicted."""
        predict = _predictor(self.simulated)
        return [value for _, value in self.asked], [predict(person) for person, _ in self.asked]

    def of_agents(self, names: Iterable[str], *, is_paired: bool) -> list[float]:
        """What is predicted for people like these agents, in the same way as for those who were asked."""
        if is_paired:
            return [self.simulated[name][1] for name in names]
        predict = _predictor(self.simulated)
        return [predict(Person("", "", None, self.simulated[name][0], {})) for name in names]


def _mean(outcome: Outcome, arm: str, people: Sequence[Person], agents: Sequence[Agent]) -> Rectified | None:
    side = _Side(outcome, arm, people, agents)
    rest = [name for name in side.simulated if name not in side.own]
    if not side.is_enough or len(rest) < 2:
        return None
    return rectified_mean(*side.of_people(), side.of_agents(rest, is_paired=bool(side.own)), LEVEL)


def _cloned(arm: _Side, base: _Side) -> Rectified | None:
    """None unless agents met both arms."""
    own = arm.own | base.own
    both = [name for name in arm.simulated if name in base.simulated and name not in own]
    if not arm.is_enough or not base.is_enough or len(both) < 2:
        return None
    effects = arm.of_agents(both, is_paired=bool(own)), base.of_agents(both, is_paired=bool(own))
    return rectified_cloned_difference(arm.of_people(), base.of_people(), effects, LEVEL)


def _predictor(simulated: Mapping[str, tuple[str | None, float]]) -> Predictor:
    overall = fmean(value for _, value in simulated.values())
    groups: dict[str | None, list[float]] = {}
    for segment, value in simulated.values():
        groups.setdefault(segment, []).append(value)
    means = {segment: fmean(values) for segment, values in groups.items()}

    def predict(person: Person) -> float:
        if person.agent_id is not None and person.agent_id in simulated:
            return simulated[person.agent_id][1]
        return means.get(person.segment, overall)

    return predict


def _reader(instrument: Instrument, option: str | None) -> Callable[[Answer], float | None]:
    def number(value: Answer) -> float | None:
        if value is None or not is_valid(instrument, value):
            return None
        if option is None:
            return float(value) if isinstance(value, bool | int | float) else None
        if isinstance(value, list | tuple):
            return float(list(value).index(option) + 1)
        return float(value == option)

    return number


def _estimate(
    outcome: Outcome, arm: str, baseline: str | None, one: Rectified, method: str = METHOD
) -> RectifiedEstimate:
    gain = gain_of_more(one) if baseline is None else None
    return RectifiedEstimate(
        metric=outcome.metric,
        option=outcome.option,
        arm=arm,
        baseline=baseline,
        value=one.value,
        standard_error=one.standard_error,
        interval=one.interval,
        confidence_level=LEVEL,
        human_value=one.human_value,
        human_interval=one.human_interval,
        n=one.n,
        simulated_n=one.simulated_n,
        weight=one.weight,
        correlation=one.correlation,
        effective_n=one.effective_n,
        narrower=one.narrower,
        people_for_half=gain.people_for_half if gain else None,
        agents_help=gain.agents_help if gain else None,
        method=method,
    )
