"""What was recorded and analysed: studies, responses, analyses."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, select, update

from libs.contracts.chosen import Asking, chosen_by
from libs.contracts.clusters import OWN, clusters_of, units_of
from libs.contracts.envelope import Envelope
from libs.contracts.evidence import Analysis
from libs.contracts.instruments import Instrument
from libs.contracts.intervention import PlanFrozen
from libs.contracts.orchestrator import SimulationCreated, StepStarted
from libs.contracts.population import PopulationReady
from libs.contracts.protocol import Plan, Step, Usage
from libs.contracts.timelines import MAIN, Timeline
from libs.contracts.tools import Scope
from libs.db import Transaction, add_up, along, insert_new
from services.results.domain.description import Description
from services.results.domain.extraction.model import Pair
from services.results.domain.findings import Ended
from services.results.domain.people import People, people_of
from services.results.domain.records import Study, Turn
from services.results.domain.samples import Headcount
from services.results.tables import analyses, plans, populations, progress, responses, simulations, steps

TURN_FIELDS = tuple(field.name for field in fields(Turn))
_values_of = attrgetter(*TURN_FIELDS)
MET = func.count(responses.c.agent_id.distinct()).label("met")
ANSWERED = func.count(case((responses.c.status == "answered", responses.c.agent_id)).distinct()).label("answered")
# At most: an agent that answered before it heard others is counted twice here, and once in the analysis.
_UNIT = func.coalesce(responses.c.cluster_id, responses.c.agent_id)
UNITS = func.count(case((responses.c.status == "answered", _UNIT)).distinct()).label("units")
NOBODY = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a simulation is from its analysis; `cause` is the command that is still to be obeyed."""

    recorded: int
    expected: int | None
    cause: Envelope | None
    looks: int
    ended: Ended | None
    timeline: Timeline


@dataclass(frozen=True, slots=True)
class Met:
    """Who has responses: arms and segments, and how many of the agents that were asked about."""

    arms: frozenset[str]
    segments: frozenset[str]
    agents: int


@dataclass(frozen=True, slots=True)
class Made:
    """An analysis that was made."""

    analysis: Analysis
    description: Description
    analysed_at: datetime


class Studies:
    """What is known of each simulation before its responses."""

    async def add_simulation(self, tx: Transaction, data: SimulationCreated) -> None:
        await insert_new(tx, simulations, [{"tenant": tx.tenant, **data.model_dump()}])

    async def add_population(self, tx: Transaction, data: PopulationReady) -> None:
        row = {"tenant": tx.tenant, "population_id": data.population_id, "document": data.model_dump(mode="json")}
        await insert_new(tx, populations, [row])

    async def add_plan(self, tx: Transaction, data: PlanFrozen) -> None:
        plan = data.plan.model_dump(mode="json")
        row = {"tenant": tx.tenant, "simulation_id": data.simulation_id, "plan": plan, "plan_hash": data.plan_hash}
        await insert_new(tx, plans, [row])

    async def add_step(self, tx: Transaction, data: StepStarted) -> None:
        row = {
            "tenant": tx.tenant,
            "simulation_id": data.simulation_id,
            "step_id": data.step.step_id,
            "round": data.step.round,
            "instruments": [instrument.model_dump(mode="json") for instrument in data.step.instruments],
            "planned": data.planned,
            "stimuli": {arm: stimulus.model_dump(mode="json") for arm, stimulus in data.step.stimuli.items()},
            "timeline_id": (data.timeline or MAIN).timeline_id,
            "step_place": data.place or 0,
            "is_conditional": data.step.condition is not None,
            "document": data.step.model_dump(mode="json", exclude={"instruments", "stimuli"}),
        }
        await insert_new(tx, steps, [row])

    async def get(self, tx: Transaction, simulation_id: str) -> Study | None:
        """The study of a simulation; None until the simulation was announced."""
        row = (await tx.execute(_of(tx, simulations, simulation_id))).one_or_none()
        if row is None:
            return None
        frozen = (await tx.execute(_of(tx, plans, simulation_id))).one_or_none()
        plan = Plan.model_validate(frozen.plan) if frozen else None
        query = (await _current(tx, steps, simulation_id)).order_by(steps.c.step_place, steps.c.round, steps.c.step_id)
        started = (await tx.execute(query)).all()
        asked = plan.instruments if plan else _asked(started)
        return Study(
            simulation_id=row.simulation_id,
            name=row.name,
            population_id=row.population_id,
            intervention_id=row.intervention_id,
            seed=row.seed,
            model=row.model,
            created_at=row.created_at,
            plan=plan,
            plan_hash=frozen.plan_hash if frozen else None,
            instruments=asked,
            planned=_planned(started),
            steps={row.step_id: _step(row) for row in started if row.stimuli is not None},
            people=await self._people(tx, row.population_id),
            chosen=chosen_by(map(_asking, started)),
        )

    async def _people(self, tx: Transaction, population_id: str) -> People | None:
        mine = populations.c.tenant == tx.tenant, populations.c.population_id == population_id
        document = (await tx.execute(select(populations.c.document).where(*mine))).scalar_one_or_none()
        return None if document is None else people_of(PopulationReady.model_validate(document))

    async def newest_analysed(self, tx: Transaction, intervention_id: str) -> str | None:
        """The newest simulation of an intervention that has an analysis."""
        made = select(analyses.c.simulation_id).where(analyses.c.tenant == tx.tenant)
        query = (
            select(simulations.c.simulation_id)
            .where(simulations.c.tenant == tx.tenant, simulations.c.intervention_id == intervention_id)
            .where(simulations.c.simulation_id.in_(made))
            .order_by(simulations.c.created_at.desc(), simulations.c.simulation_id.desc())
            .limit(1)
        )
        return (await tx.execute(query)).scalar_one_or_none()

    async def unknown_steps(self, tx: Transaction, simulation_id: str) -> int:
        """Steps that there are responses of, but nothing is known about yet."""
        known = select(steps.c.step_id).where(steps.c.tenant == tx.tenant, steps.c.simulation_id == simulation_id)
        query = select(func.count(responses.c.step_id.distinct())).where(
            await _present(tx, responses, simulation_id), responses.c.step_id.not_in(known)
        )
        return int((await tx.execute(query)).scalar_one())


class Responses:
    """Every finished turn."""

    async def add(self, tx: Transaction, turns: Sequence[tuple[str, Turn]]) -> dict[str, int]:
        """Add turns of simulations; how many were new, by simulation. Each gets the next place of the feed.

        Places are given under the row of the simulation, which is held until the transaction ends: they become visible
        in their order. One that was there already leaves a gap.
        """
        places = {name: await self._reserve(tx, name, n) for name, n in sorted(Counter(s for s, _ in turns).items())}
        rows = []
        for simulation_id, turn in turns:
            places[simulation_id] += 1
            owner = {"tenant": tx.tenant, "simulation_id": simulation_id, "feed_place": places[simulation_id]}
            rows.append(owner | _columns(turn))
        return Counter(row["simulation_id"] for row in await insert_new(tx, responses, rows))

    async def after(self, tx: Transaction, simulation_id: str, limit: int, place: int) -> list[tuple[int, Turn]]:
        """Turns by their place in the feed, after this one."""
        query = (await _current(tx, responses, simulation_id)).where(responses.c.feed_place > place)
        rows = await tx.execute(query.order_by(responses.c.feed_place).limit(limit))
        return [(row.feed_place, _turn(row)) for row in rows]

    async def _reserve(self, tx: Transaction, simulation_id: str, count: int) -> int:
        """Take so many places; the one before the first of them."""
        row = {"tenant": tx.tenant, "simulation_id": simulation_id, "recorded": 0, "looks": 0, "places": count}
        await add_up(tx, progress, [row])
        mine = progress.c.tenant == tx.tenant, progress.c.simulation_id == simulation_id
        return int((await tx.execute(select(progress.c.places).where(*mine))).scalar_one()) - count

    async def met(self, tx: Transaction, simulation_id: str, agents: Sequence[str]) -> Met:
        """The arms and segments that there are responses of, and how many of these agents have one."""
        mine = await _present(tx, responses, simulation_id)
        rows = (await tx.execute(select(responses.c.arm, responses.c.segment).where(mine).distinct())).all()
        counted = select(func.count()).where(mine, responses.c.agent_id.in_(agents))
        return Met(
            frozenset(row.arm for row in rows),
            frozenset(row.segment for row in rows if row.segment is not None),
            int((await tx.execute(counted)).scalar_one()) if agents else 0,
        )

    async def subjects(self, tx: Transaction, scope: Scope) -> list[Pair]:
        """The agents of a scope, each with the arms it was in, in their order."""
        pairs = responses.c.agent_id, responses.c.arm
        query = await _in_scope(select(*pairs).distinct(), tx, scope)
        rows = await tx.execute(query.order_by(*pairs))
        return [(row.agent_id, row.arm) for row in rows]

    async def of_agents(self, tx: Transaction, scope: Scope, agent_ids: Sequence[str]) -> list[Turn]:
        """The turns of these agents that are in the scope, in no particular order."""
        query = (await _in_scope(select(responses), tx, scope)).where(responses.c.agent_id.in_(agent_ids))
        return [_turn(row) for row in await tx.execute(query)]

    async def agents(self, tx: Transaction, simulation_id: str) -> list[str]:
        """Everybody who has a turn, in the order of their ids whatever the store sorts by."""
        query = select(responses.c.agent_id).where(await _present(tx, responses, simulation_id)).distinct()
        return sorted([row.agent_id async for rows in tx.blocks(query) for row in rows])

    async def clusters(self, tx: Transaction, simulation_id: str) -> dict[str, str]:
        """The cluster of each agent that heard another one."""
        return clusters_of(await self._heard(tx, await _present(tx, responses, simulation_id)))

    async def _heard(self, tx: Transaction, mine: ColumnElement[bool]) -> list[tuple[str, str]]:
        """Agents with the clusters that they were in."""
        heard = select(responses.c.agent_id, responses.c.cluster_id).where(mine, responses.c.cluster_id.is_not(None))
        return [(row.agent_id, row.cluster_id) for row in await tx.execute(heard.distinct())]

    async def of(self, tx: Transaction, simulation_id: str, agent_ids: Sequence[str]) -> list[Turn]:
        """The turns of these agents, in no particular order."""
        query = (await _current(tx, responses, simulation_id)).where(responses.c.agent_id.in_(agent_ids))
        return [_turn(row) for row in await tx.execute(query)]

    async def page(
        self,
        tx: Transaction,
        simulation_id: str,
        limit: int,
        after: tuple[str, str] | None,
        arm: str | None,
        segment: str | None,
    ) -> list[Turn]:
        """Turns by agent, after this (agent_id, turn_id)."""
        place = responses.c.agent_id, responses.c.turn_id
        query = (await _current(tx, responses, simulation_id)).order_by(*place).limit(limit)
        if after is not None:
            agent, turn = after
            query = query.where((place[0] > agent) | ((place[0] == agent) & (place[1] > turn)))
        if arm is not None:
            query = query.where(responses.c.arm == arm)
        if segment is not None:
            query = query.where(responses.c.segment == segment)
        return [_turn(row) for row in await tx.execute(query)]

    async def count(self, tx: Transaction, simulation_id: str) -> int:
        """Finished turns."""
        query = select(func.count()).where(await _present(tx, responses, simulation_id))
        return int((await tx.execute(query)).scalar_one())

    async def headcount(self, tx: Transaction, study: Study) -> Headcount:
        """Agents by arm, counted by the store; who heard whom is read only where somebody did."""
        mine = await _present(tx, responses, study.simulation_id)
        query = select(responses.c.arm, MET, ANSWERED).where(mine).group_by(responses.c.arm)
        counted = {row.arm: (int(row.met), int(row.answered)) for row in await tx.execute(query)}
        planned = study.plan.planned_n if study.plan else study.planned
        arms = study.arms_among({*planned, *counted})
        answered = {arm: counted.get(arm, NOBODY)[1] for arm in arms}
        linked = units_of(await self._heard(tx, mine))
        if linked:
            met = select(responses.c.arm, responses.c.agent_id).where(mine, responses.c.status == "answered")
            units: dict[str, set[str]] = {arm: set() for arm in arms}
            for row in await tx.execute(met.distinct()):
                units[row.arm].add(linked.get(row.agent_id, OWN + row.agent_id))
            of_arms, clusters = (
                {arm: len(found) for arm, found in units.items()},
                len(set[str]().union(*units.values())),
            )
        else:
            of_arms, clusters = answered, int((await tx.execute(select(ANSWERED).where(mine))).scalar_one())
        return Headcount(
            assigned={arm: max(planned.get(arm, 0), counted.get(arm, NOBODY)[0]) for arm in arms},
            answered=answered,
            failed={arm: counted[arm][0] - counted[arm][1] if arm in counted else 0 for arm in arms},
            units=of_arms,
            clusters=clusters,
        )


class Analyses:
    """The way to each analysis, and the analyses."""

    async def advance(self, tx: Transaction, simulation_id: str, recorded: int = 0) -> Progress:
        """Count new responses, and hold the simulation's row until the transaction ends."""
        row = {"tenant": tx.tenant, "simulation_id": simulation_id, "recorded": recorded, "looks": 0}
        await add_up(tx, progress, [row])
        found = await self.progress(tx, simulation_id)
        assert found is not None
        return found

    async def progress(self, tx: Transaction, simulation_id: str) -> Progress | None:
        """None before the first response and the command."""
        row = (await tx.execute(_of(tx, progress, simulation_id))).one_or_none()
        if row is None:
            return None
        cause = Envelope.from_headers(row.cause) if row.cause else None
        timeline = Timeline.model_validate(row.timeline) if row.timeline else MAIN
        return Progress(row.recorded, row.expected, cause, row.looks, row.ended, timeline)

    async def go_on(self, tx: Transaction, simulation_id: str, timeline: Timeline) -> None:
        """Note the present timeline, unless a later one is known. The simulation's row must be there."""
        if timeline.number > (await _timeline(tx, simulation_id)).number:
            await self._set(tx, simulation_id, timeline=timeline.model_dump(mode="json"))

    async def ask(self, tx: Transaction, simulation_id: str, expected: int, cause: Envelope) -> None:
        """Note the command; it is obeyed once this many responses are there."""
        await self._set(tx, simulation_id, expected=expected, cause=cause.headers())

    async def end(self, tx: Transaction, simulation_id: str, state: str) -> None:
        """Note that the simulation failed or was cancelled."""
        await self._set(tx, simulation_id, ended=state)

    async def add(self, tx: Transaction, simulation_id: str, look: int, made: Made) -> None:
        """Keep an analysis; the command is thereby obeyed."""
        row = {
            "tenant": tx.tenant,
            "simulation_id": simulation_id,
            "look": look,
            "analysis": made.analysis.model_dump(mode="json"),
            "description": made.description.model_dump(mode="json"),
            "analysed_at": made.analysed_at,
        }
        await insert_new(tx, analyses, [row])
        await self._set(tx, simulation_id, looks=look, cause=None)

    async def latest(self, tx: Transaction, simulation_id: str) -> Made | None:
        query = _of(tx, analyses, simulation_id).order_by(analyses.c.look.desc()).limit(1)
        row = (await tx.execute(query)).one_or_none()
        if row is None:
            return None
        analysis, description = Analysis.model_validate(row.analysis), Description.model_validate(row.description)
        return Made(analysis, description, row.analysed_at)

    async def _set(self, tx: Transaction, simulation_id: str, **values: object) -> None:
        mine = progress.c.tenant == tx.tenant, progress.c.simulation_id == simulation_id
        await tx.execute(update(progress).where(*mine).values(**values))


async def _in_scope(query: Select[Any], tx: Transaction, scope: Scope) -> Select[Any]:
    query = query.where(await _present(tx, responses, scope.simulation_id))
    for name in ("segment", "arm"):
        if (wanted := getattr(scope, name)) is not None:
            query = query.where(responses.c[name] == wanted)
    return query.where(responses.c.agent_id.in_(scope.agent_ids)) if scope.agent_ids else query


async def _timeline(tx: Transaction, simulation_id: str) -> Timeline:
    """The present timeline of a simulation."""
    mine = progress.c.tenant == tx.tenant, progress.c.simulation_id == simulation_id
    document = (await tx.execute(select(progress.c.timeline).where(*mine))).scalar_one_or_none()
    return Timeline.model_validate(document) if document else MAIN


async def _present(tx: Transaction, table: Any, simulation_id: str) -> ColumnElement[bool]:
    """What is part of the present timeline."""
    there = along(await _timeline(tx, simulation_id), table.c.timeline_id, table.c.step_place)
    return and_(table.c.tenant == tx.tenant, table.c.simulation_id == simulation_id, there)


async def _current(tx: Transaction, table: Any, simulation_id: str) -> Select[Any]:
    return select(table).where(await _present(tx, table, simulation_id))


def _of(tx: Transaction, table: Any, simulation_id: str) -> Select[Any]:
    return select(table).where(table.c.tenant == tx.tenant, table.c.simulation_id == simulation_id)


def _columns(turn: Turn) -> dict[str, Any]:
    return {name: getattr(turn, name) for name in TURN_FIELDS} | {"usage": turn.usage.model_dump()}


def _turn(row: Row[Any]) -> Turn:
    values = dict(zip(TURN_FIELDS, _values_of(row), strict=True))
    return Turn(**values | {"usage": Usage.model_validate(row.usage)})


def _asking(row: Row[Any]) -> Asking:
    metrics = tuple(instrument["name"] for instrument in row.instruments)
    return Asking(row.step_id, tuple(row.planned), metrics, bool(row.is_conditional))


def _step(row: Row[Any]) -> Step:
    """As it was announced; of one from before that was kept, what is known of it."""
    kind = "deliver" if row.stimuli else "measure"
    known = row.document or {"kind": kind, "step_id": row.step_id, "round": row.round}
    return Step.model_validate({**known, "stimuli": row.stimuli, "instruments": row.instruments})


def _asked(started: Sequence[Row[Any]]) -> tuple[Instrument, ...]:
    """Every instrument of these steps once, as it was first asked."""
    found: dict[str, Instrument] = {}
    for row in started:
        for raw in row.instruments:
            instrument = Instrument.model_validate(raw)
            found.setdefault(instrument.name, instrument)
    return tuple(found.values())


def _planned(started: Sequence[Row[Any]]) -> dict[str, int]:
    """Agents by arm: the most that any one step was announced for."""
    most: dict[str, int] = {}
    for row in started:
        for arm, count in row.planned.items():
            most[arm] = max(most.get(arm, 0), count)
    return most
