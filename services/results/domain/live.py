"""Aggregates of the answers so far, kept up to date one turn at a time and never worked out anew.

They are a function of which turns are in: their order, and how often each comes, change no bit, and with all turns in
the values are those of the analysis to the last bit. Sums are exact (`RunningMoments`), so that what an agent counted
for can be taken out when another turn of it, or somebody whom it talked with, changes that.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from libs.contracts.base import Data
from libs.contracts.chosen import NOBODY, Chosen
from libs.contracts.clusters import OWN
from libs.contracts.compact import Once
from libs.contracts.evidence import Evidence, Interval
from libs.contracts.instruments import Answer, Instrument
from libs.contracts.results import RunningEstimate
from libs.contracts.turns import is_offline
from services.results.domain.evidence import evidences
from services.results.domain.intervals import interval_of
from services.results.domain.outcomes import Outcome, outcomes_of
from services.results.domain.records import Study, Turn
from services.results.domain.samples import Headcount

if TYPE_CHECKING:
    from libs.stats import Estimated, Moments, RunningMean, RunningMoments

MOST_ESTIMATES = 2_000
NOWHERE: frozenset[str] = frozenset()
Place = tuple[str, str, str | None]
"""An arm and an outcome in it: its metric and, where there is one, its option."""


class Aggregates(Data):
    """What the answers of a timeline amount to, up to a place in the feed."""

    simulation_id: str
    intervention_id: str | None
    timeline_id: str
    place: int
    assigned: dict[str, int]
    answered: dict[str, int]
    failed: dict[str, int]
    confidence_level: float
    estimates: tuple[RunningEstimate, ...]
    evidence: Evidence
    only_first: int | None = None


class Running:
    """The aggregates of one timeline of a simulation."""

    def __init__(self) -> None:
        from libs.stats import RunningMean, RunningMoments

        self._mean = RunningMean
        self._instruments: dict[str, Instrument] = {}
        self._outcomes: dict[str, tuple[Outcome, ...]] = {}
        self._waiting: dict[str, list[tuple[str, str, Answer]]] = defaultdict(list)
        self._turns: set[str] = set()
        self._heads = _Heads()
        self._own: dict[str, dict[Place, float | RunningMean]] = defaultdict(dict)
        self._shared: dict[str, dict[Place, RunningMean]] = {}
        self._tallies: dict[Place, RunningMoments] = defaultdict(RunningMoments)
        self._is_offline = False
        self._once = Once()
        self._chosen: Chosen | None = None

    def knows(self, study: Study) -> bool:
        """False when what is asked, or of whom, is known by another definition: then everything is counted anew."""
        is_same = all(self._instruments.get(one.name, one) == one for one in study.instruments)
        return is_same and self._chosen in (None, study.chosen)

    def learn(self, study: Study) -> None:
        """What is asked, and of whom. Answers to what is not known yet wait for it."""
        self._chosen = study.chosen
        for one in study.instruments:
            if one.name not in self._instruments:
                self._instruments[one.name] = one
                self._outcomes[one.name] = outcomes_of([one])
                for agent, arm, answer in self._waiting.pop(one.name, ()):
                    self._count(agent, arm, one.name, answer)

    def add(self, turn: Turn) -> None:
        """Take a turn in; one that is in already changes nothing."""
        if turn.turn_id in self._turns:
            return
        self._turns.add(turn.turn_id)
        self._is_offline |= is_offline(turn.model)
        if turn.cluster_id is not None:
            self._join(OWN + turn.agent_id, turn.cluster_id)
        self._heads.add(turn.agent_id, turn.arm, is_answered=turn.is_answered)
        if turn.is_answered:
            for metric, answer in (self._chosen or NOBODY).counted(turn.step_id, turn.arm, turn.answers).items():
                self._count(turn.agent_id, turn.arm, metric, answer)

    def close(self) -> None:
        """No turn will be added any more: let go of what is kept of each agent, unless answers of some wait."""
        if not self._waiting:
            for kept in (self._turns, self._own, self._shared):
                kept.clear()
            self._heads.close()

    def aggregates(self, study: Study, timeline_id: str, place: int) -> Aggregates:
        """All there is to say now."""
        heads = self.heads(study)
        return Aggregates(
            simulation_id=study.simulation_id,
            intervention_id=study.intervention_id,
            timeline_id=timeline_id,
            place=place,
            assigned=heads.assigned,
            answered=heads.answered,
            failed=heads.failed,
            confidence_level=study.confidence_level,
            estimates=self.estimates(study),
            evidence=self.evidence(study),
        )

    def heads(self, study: Study) -> Headcount:
        """Who was assigned, answered and failed so far."""
        return self._heads.counted(study)

    def evidence(self, study: Study) -> Evidence:
        """What all of it is worth, before anything was analysed."""
        heads = self.heads(study)
        worth = evidences(study, heads, 0)
        return replace(worth, is_offline=worth.is_offline or self._is_offline).overall(heads)

    def estimates(self, study: Study) -> tuple[RunningEstimate, ...]:
        """Every outcome that has a value, by arm; the primary metric first when there are too many."""
        found = list(self._estimates(study))
        if len(found) > MOST_ESTIMATES:
            found.sort(key=lambda one: self._instruments[one.metric].role != "primary")
        return tuple(found[:MOST_ESTIMATES])

    def _estimates(self, study: Study) -> Iterator[RunningEstimate]:
        arms = study.arms_among(self._heads.met)
        for outcome in outcomes_of(study.instruments):
            for arm in arms:
                tally = self._tallies.get((arm, outcome.metric, outcome.option))
                value = tally.moments().mean if tally else None
                if tally is not None and value is not None:
                    interval, method = _interval(study, arm, outcome, tally)
                    yield RunningEstimate(
                        metric=outcome.metric,
                        option=outcome.option,
                        arm=arm,
                        measure=outcome.measure,
                        n=tally.n,
                        value=value,
                        interval=interval,
                        method=method,
                    )

    def _count(self, agent: str, arm: str, metric: str, answer: Answer) -> None:
        outcomes = self._outcomes.get(metric)
        if outcomes is None:
            self._waiting[metric].append((agent, arm, answer))
            return
        for outcome in outcomes:
            score = outcome.score({metric: answer})
            if score is not None:
                self._change(agent, self._once((arm, metric, outcome.option)), self._once(score))

    def _change(self, agent: str, place: Place, score: float) -> None:
        """One more value of an agent: what it counted for goes out, what it counts for now comes in."""
        before = self._value(agent, place)
        self._own[agent][place] = self._with(self._own[agent].get(place), score)
        after = self._value(agent, place)
        together = self._shared.get(self._heads.unit_of(agent))
        if together is not None:
            shared = together.setdefault(place, self._mean())
            own_before, before = before, shared.mean
            if own_before is not None:
                shared.remove(own_before)
            if after is not None:
                shared.add(after)
            after = shared.mean
        self._replace(place, before, after)

    def _with(self, own: "float | RunningMean | None", score: float) -> "float | RunningMean":
        """Nearly everybody answers once, and needs no more than a number."""
        if own is None:
            return score
        if isinstance(own, float):
            alone, own = own, self._mean()
            own.add(alone)
        own.add(score)
        return own

    def _value(self, agent: str, place: Place) -> float | None:
        own = self._own[agent].get(place)
        return own if own is None or isinstance(own, float) else own.mean

    def _replace(self, place: Place, before: float | None, after: float | None) -> None:
        tally = self._tallies[place]
        if before is not None:
            tally.remove(before)
        if after is not None:
            tally.add(after)

    def _join(self, agent: str, cluster: str) -> None:
        """From now on these are one unit."""
        kept, gone = self._heads.join(agent, cluster)
        if kept == gone:
            return
        into, more = self._values_of(kept), self._values_of(gone)
        for place, mean in more.items():
            there = into.setdefault(place, self._mean())
            self._replace(place, mean.mean, None)
            before = there.mean
            there.merge(mean)
            self._replace(place, before, there.mean)
        self._shared.pop(gone, None)
        self._shared[kept] = into

    def _values_of(self, unit: str) -> "dict[Place, RunningMean]":
        """What a unit counts for; of an agent that was alone until now, its own values."""
        if unit in self._shared or not unit.startswith(OWN):
            return self._shared.get(unit, {})
        alone: dict[Place, RunningMean] = {}
        agent = unit.removeprefix(OWN)
        for place in self._own.get(agent, ()):
            value = self._value(agent, place)
            if value is not None:
                alone[place] = self._mean()
                alone[place].add(value)
        return alone


class _Heads:
    """Agents and independent units by arm."""

    def __init__(self) -> None:
        self._people: dict[tuple[str, bool], set[str]] = defaultdict(set)
        self._counts = Counter[tuple[str, bool]]()
        """Agents of an arm that finished a turn (False), and that answered one (True)."""
        self._units: dict[str, int] = defaultdict(int)
        self._distinct = 0
        self._linked: dict[str, str] = {}
        self._once = Once()
        self._arms: dict[str, frozenset[str]] = {}
        """Arms in which anybody of a unit has answered."""

    def add(self, agent: str, arm: str, *, is_answered: bool) -> None:
        """An agent finished a turn."""
        self._meet(agent, arm, is_answered=False)
        if is_answered:
            self._meet(agent, arm, is_answered=True)
            unit = self.unit_of(agent)
            arms = self._arms.get(unit, NOWHERE)
            self._distinct += not arms
            self._units[arm] += arm not in arms
            self._arms[unit] = self._once(arms | {arm})

    def close(self) -> None:
        """Nobody will be added or joined any more: let go of who it was."""
        for kept in (self._people, self._linked, self._arms):
            kept.clear()

    @property
    def met(self) -> set[str]:
        """Arms in which anybody finished a turn."""
        return {arm for arm, _ in self._counts}

    def unit_of(self, agent: str) -> str:
        """The unit that an agent is part of."""
        return self._root(OWN + agent)

    def join(self, one: str, other: str) -> tuple[str, str]:
        """Make two units one: the one that is left, and the one that is not."""
        kept, gone = sorted((self._root(one), self._root(other)))
        if kept != gone:
            self._linked[gone] = kept
            arms, own = self._arms.pop(gone, NOWHERE), self._arms.get(kept, NOWHERE)
            self._distinct -= bool(arms and own)
            for arm in arms & own:
                self._units[arm] -= 1
            self._arms[kept] = self._once(own | arms)
        return kept, gone

    def counted(self, study: Study) -> Headcount:
        """The counts of now, as `count_heads` makes them of all turns."""
        planned = study.plan.planned_n if study.plan else study.planned
        arms: Sequence[str] = study.arms_among(self.met)
        met = {arm: self._counts[arm, False] for arm in arms}
        answered = {arm: self._counts[arm, True] for arm in arms}
        return Headcount(
            assigned={arm: max(planned.get(arm, 0), met[arm]) for arm in arms},
            answered=answered,
            failed={arm: met[arm] - answered[arm] for arm in arms},
            units={arm: self._units.get(arm, 0) for arm in arms},
            clusters=self._distinct,
        )

    def _meet(self, agent: str, arm: str, *, is_answered: bool) -> None:
        people = self._people[arm, is_answered]
        if agent not in people:
            people.add(agent)
            self._counts[arm, is_answered] += 1

    def _root(self, name: str) -> str:
        above = self._linked.get(name, name)
        while above != name:
            beyond = self._linked.get(above, above)
            self._linked[name] = beyond  # the way is halved each time it is gone
            name, above = above, beyond
        return name


def _interval(study: Study, arm: str, outcome: Outcome, tally: "RunningMoments") -> tuple[Interval | None, str]:
    """Where something was planned, one that holds at every look."""
    level, moments = study.confidence_level, tally.moments()
    successes = tally.successes if outcome.measure == "proportion" else None
    if study.plan is not None:
        found = _at_every_look(outcome, moments, successes, study.plan.planned_n.get(arm, 0), level)
        return found.interval, found.method
    return interval_of(outcome, moments, successes, level)


def _at_every_look(
    outcome: Outcome, moments: "Moments", successes: int | None, planned_n: int, level: float
) -> "Estimated":
    """Exact for shares and between the ends of a scale; of amounts without ends, asymptotic."""
    from libs.stats import bernoulli_sequence, bounded_sequence, monitor_mean

    if successes is not None:
        found = bernoulli_sequence(successes, moments.n, level)
    elif outcome.bounds is not None and outcome.bounds[0] < outcome.bounds[1]:
        found = bounded_sequence(moments, *outcome.bounds, level)
    else:
        found = monitor_mean(moments, max(2, planned_n), level)
    assert found is not None
    return found
