"""Use cases of comparisons: simulated answers against those of people, kept for ever.

The domain's arithmetic is imported when it is first needed: numpy and scipy would add a second to the platform's start.
"""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from libs.contracts.comparisons import ComparisonSpec, MetricDeclaration, SimulatedSample, Value
from libs.contracts.errors import ConflictError, InvalidError, NotFoundError
from libs.contracts.ids import new_id
from libs.contracts.instruments import MetricType
from libs.db import Transaction
from services.validation.domain.baselines import empirical_values
from services.validation.domain.comparison.kept import Comparison
from services.validation.domain.comparison.reading import Sample, declared, read_sample
from services.validation.domain.given import Giver, counted_answers, givers
from services.validation.domain.records import Simulation
from services.validation.service.baselines import Baselines
from services.validation.service.ledger import Ledger
from services.validation.store import Store

if TYPE_CHECKING:
    from services.validation.domain.comparison.model import ComparisonResult


TRUTHS = ("true", "false", "yes", "no", "1", "0")


class Given(NamedTuple):
    """Simulated values, their segments, what made them, and who gave them."""

    values: list[Value]
    segments: list[str | None] | None
    simulator: str | None
    givers: list[Giver] | None = None


class Comparisons:
    """Comparisons with people."""

    def __init__(self, store: Store, baselines: Baselines, ledger: Ledger) -> None:
        self._store, self._baselines, self._ledger = store, baselines, ledger

    async def compare(self, tx: Transaction, spec: ComparisonSpec) -> Comparison:
        """Compare, keep the comparison, and add its outcomes to the ledger."""
        baseline_id, metric, now = spec.empirical.baseline_id, spec.metric, datetime.now(UTC)
        kept = await self._baselines.with_answers(tx, baseline_id) if baseline_id else None
        human = _sample("empirical", metric, *empirical_values(metric, spec.empirical, kept))
        given = await self._simulated(tx, metric, spec.simulated)
        simulated = _sample("simulated", metric, given.values, given.segments, given.givers)
        result = await asyncio.to_thread(_compare, metric, human, simulated, spec.margin)
        study = spec.study or (kept[0].study if kept else None)
        new = await self._ledger.add_comparison(tx, result, metric, study, given.simulator, now)
        comparison = Comparison(
            **{name: getattr(result, name) for name in type(result).model_fields},
            id=new_id("cmp"),
            declared=metric,
            study=study,
            simulator=given.simulator,
            simulation_id=spec.simulated.simulation_id,
            baseline_id=baseline_id,
            ledger_entries=new,
            created_at=now,
        )
        await self._store.comparisons.add(tx, comparison)
        return comparison

    async def get(self, tx: Transaction, comparison_id: str) -> Comparison:
        """A comparison."""
        found = await self._store.comparisons.get(tx, comparison_id)
        if found is None:
            raise NotFoundError("comparison", comparison_id)
        return found

    async def newest(self, tx: Transaction, limit: int, before: str | None) -> list[Comparison]:
        """Newest first."""
        return await self._store.comparisons.newest(tx, limit, before)

    async def _simulated(self, tx: Transaction, metric: MetricDeclaration, sample: SimulatedSample) -> Given:
        if sample.values is not None:
            return Given(sample.values, sample.segments, sample.simulator)
        assert sample.simulation_id is not None
        simulation = await self._store.simulations.simulation(tx, sample.simulation_id)
        if simulation is None:
            raise NotFoundError("simulation", sample.simulation_id)
        _check_asked(metric, simulation)
        turns = await self._store.simulations.turns(tx, sample.simulation_id)
        arms = sorted({turn.arm for turn in turns})
        if sample.arm is not None and arms and sample.arm not in arms:
            raise InvalidError("simulated.arm", f"nobody was in an arm {sample.arm!r}", arms)
        mine = [turn for turn in turns if sample.arm in {None, turn.arm}]
        answered = counted_answers(simulation, mine, metric.name)
        if not answered:
            raise ConflictError(f"Nobody in the simulation has answered {metric.name!r} yet.")
        values = [_value(turn.answers[metric.name]) for turn in answered]
        segments = [turn.segment for turn in answered]
        return Given(values, segments, simulation.model, givers(answered, turns))


def _check_asked(metric: MetricDeclaration, simulation: Simulation) -> None:
    """A metric is compared as it was asked. What was asked may not be known (yet)."""
    asked = {instrument.name: instrument for instrument in simulation.instruments}
    if not asked:
        return
    if metric.name not in asked:
        raise InvalidError("metric.name", f"the simulation did not ask {metric.name!r}", tuple(asked))
    own = declared(asked[metric.name])
    if own.type != metric.type or (metric.type is not MetricType.BINARY and own.ends != metric.ends):
        raise InvalidError("metric", "was asked otherwise in the simulation", (own.model_dump_json(exclude_none=True),))
    if metric.type in {MetricType.CHOICE, MetricType.RANKING} and set(own.labels) != set(metric.labels):
        raise InvalidError("metric.scale", "are not the options of the simulation", own.labels)


def _value(answer: object) -> Value:
    return list(answer) if isinstance(answer, list | tuple) else answer  # type: ignore[return-value]


def _sample(
    field: str,
    metric: MetricDeclaration,
    values: list[Value],
    segments: list[str | None] | None,
    givers: list[Giver] | None = None,
) -> Sample:
    sample = read_sample(metric, values, segments, givers)
    if not sample.n:
        shown = ", ".join(map(repr, sample.unrecognised.examples)) or "only missing ones"
        allowed = tuple(map(str, metric.scale or (TRUTHS if metric.type is MetricType.BINARY else ())))
        raise InvalidError(f"{field}.values", f"none is an answer of type {metric.type}: {shown}", allowed)
    return sample


def _compare(metric: MetricDeclaration, human: Sample, simulated: Sample, margin: float | None) -> "ComparisonResult":
    from services.validation.domain.comparison.compare import compare

    return compare(metric, human, simulated, margin)
