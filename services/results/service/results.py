"""Use cases: project what other services tell, analyse a simulation once it is complete, and answer what was found."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from libs.contracts.communication import ResponsesRecorded
from libs.contracts.envelope import Envelope
from libs.contracts.errors import NotFoundError
from libs.contracts.evidence import Evidence
from libs.contracts.intervention import PlanFrozen
from libs.contracts.orchestrator import (
    SimulationCreated,
    SimulationState,
    SimulationStateChanged,
    StepStarted,
    TimelineForked,
)
from libs.contracts.population import PopulationReady
from libs.contracts.results import AnalyseSimulation
from libs.contracts.timelines import MAIN, Timeline
from libs.contracts.validation import CalibrationChanged, SimulationRectified
from libs.db import Database, Transaction
from libs.models import Models
from libs.runtime.memory import tidy
from services.results.domain.analysis import analyse
from services.results.domain.description import describe
from services.results.domain.evidence import evidences
from services.results.domain.export import Document
from services.results.domain.findings import Findings, State
from services.results.domain.gathered import Gathering
from services.results.domain.grading import grade
from services.results.domain.records import Study, Turn, in_order, turns_of
from services.results.domain.rows import Outline
from services.results.domain.samples import Headcount
from services.results.domain.themes import fields_of
from services.results.events import Events
from services.results.service.extraction import Extractions
from services.results.service.files.contents import Contents, RowWriter
from services.results.service.live import Live
from services.results.service.normalization import Normalizations
from services.results.service.reading import in_blocks, read_replies, read_texts
from services.results.service.reduction import Reductions
from services.results.service.side_by_side import SideBySide
from services.results.service.studies import explain_nothing, find_study, state_of
from services.results.service.themes import Codings
from services.results.store import Made, Store

LARGE = 20_000
"""Turns of which an analysis takes so much memory that it is given back at once."""


@dataclass(frozen=True, slots=True)
class Status:
    """Where a simulation stands; `made` is None until it was analysed."""

    study: Study
    state: State
    heads: Headcount
    evidence: Evidence
    made: Made | None
    timeline: Timeline


class Results:
    """The service. Whichever message comes last, the one that makes a simulation complete, has it analysed."""

    def __init__(
        self, database: Database, store: Store, events: Events, models: Models, version: str, *, wait_s: float
    ) -> None:
        self._database = database
        self._store = store
        self._events = events
        self._models = models
        self._version = version
        self.extractions = Extractions(database, store, events, models)
        self.reductions = Reductions(database, store)
        self.side_by_side = SideBySide(store)
        self.normalizations = Normalizations(database, store, models, wait_s)
        self.live = Live(database, store, events)
        self.codings = Codings(database, store, models, wait_s)

    async def start(self) -> None:
        """Get ready to reach the models service, and begin to publish live aggregates."""
        await self._models.start()
        await self.live.start()

    async def stop(self) -> None:
        """Stop both."""
        await self.live.stop()
        await self._models.stop()

    async def learn_simulation(self, tx: Transaction, data: SimulationCreated) -> None:
        """A simulation exists."""
        await self._store.studies.add_simulation(tx, data)
        self.live.changed(tx, data.simulation_id)
        await self._analyse_if_complete(tx, data.simulation_id)

    async def learn_population(self, tx: Transaction, data: PopulationReady) -> None:
        """Who the people of simulations are."""
        await self._store.studies.add_population(tx, data)

    async def learn_end(self, tx: Transaction, data: SimulationStateChanged) -> None:
        """A simulation that failed or was cancelled will not be analysed."""
        if data.state in {SimulationState.FAILED, SimulationState.CANCELLED}:
            await self._store.analyses.advance(tx, data.simulation_id)
            await self._store.analyses.end(tx, data.simulation_id, data.state.value)
        if data.state.is_terminal:
            self.live.over(tx, data.simulation_id)

    async def learn_plan(self, tx: Transaction, data: PlanFrozen) -> None:
        """Its plan is frozen."""
        await self._store.studies.add_plan(tx, data)
        self.live.changed(tx, data.simulation_id)
        await self._analyse_if_complete(tx, data.simulation_id)

    async def learn_step(self, tx: Transaction, data: StepStarted) -> None:
        """A step of it begins; the only source of instruments where there is no plan."""
        await self._store.studies.add_step(tx, data)
        await self.live.renew(tx, data.simulation_id)
        await self._analyse_if_complete(tx, data.simulation_id)

    async def learn_fork(self, tx: Transaction, data: TimelineForked) -> None:
        """It went back to a mark: what was recorded after it counts no more."""
        await self._store.analyses.advance(tx, data.simulation_id)
        await self._store.analyses.go_on(tx, data.simulation_id, data.timeline)
        await self.live.renew(tx, data.simulation_id)

    async def calibrate(self, tx: Transaction, data: CalibrationChanged) -> None:
        """Validation learnt how a simulator errs."""
        await self._store.grades.calibrate(tx, data)

    async def rectify(self, tx: Transaction, data: SimulationRectified, cause: Envelope) -> None:
        """People answered the questions of a simulation; its analysis, if there is one, is told again."""
        if not await self._store.grades.rectify(tx, data):
            return
        study = await self._store.studies.get(tx, data.simulation_id)
        made = await self._made(tx, study) if study is not None else None
        if study is not None and made is not None:
            await self._events.completed(tx, study, made.analysis, made.analysed_at, cause, data.rectified_at)

    async def record(self, tx: Transaction, messages: Sequence[ResponsesRecorded]) -> None:
        """Finished turns; one that is there already changes nothing."""
        new = await self._store.responses.add(tx, [found for message in messages for found in turns_of(message)])
        for simulation_id in sorted(new):
            self.live.changed(tx, simulation_id)
            await self._analyse_if_complete(tx, simulation_id, new[simulation_id])

    async def ask(self, tx: Transaction, command: AnalyseSimulation, cause: Envelope) -> None:
        """Analyse once this many responses are there; asked again for as many, nothing happens."""
        simulation_id, expected = command.simulation_id, command.expected_responses
        progress = await self._store.analyses.advance(tx, simulation_id)
        if progress.expected != expected:
            await self._store.analyses.go_on(tx, simulation_id, command.timeline or MAIN)
            await self._store.analyses.ask(tx, simulation_id, expected, cause)
            await self._analyse_if_complete(tx, simulation_id)

    async def status(self, tx: Transaction, simulation_id: str) -> Status:
        """Where a simulation stands, without loading its responses."""
        study = await find_study(self._store, tx, simulation_id)
        progress = await self._store.analyses.progress(tx, simulation_id)
        state = state_of(progress)
        made = await self._made(tx, study) if state == "completed" else None
        heads = await self._store.responses.headcount(tx, study)
        evidence = made.description.evidence if made else evidences(study, heads, 0).overall(heads)
        return Status(study, state, heads, evidence, made, progress.timeline if progress else MAIN)

    async def state(self, tx: Transaction, simulation_id: str) -> State:
        """How far a simulation is from its analysis."""
        return state_of(await self._store.analyses.progress(tx, simulation_id))

    async def findings(self, simulation_id: str, tenant: str) -> Findings:
        """Everything there is to say about a simulation now; turns are read a few agents at a time and not kept."""
        async with self._database.read(tenant=tenant) as tx:
            status, gathering = await self.status(tx, simulation_id), Gathering()
            agents = await self._store.responses.agents(tx, simulation_id)
            async for turns in in_blocks(self._store, tx, simulation_id, agents):
                await asyncio.to_thread(gathering.add, turns)
        return self._findings(status, gathering)

    def _findings(self, status: Status, gathering: Gathering) -> Findings:
        made = status.made
        return Findings(
            study=status.study,
            state=status.state,
            heads=status.heads,
            evidence=status.evidence,
            gathered=gathering.gathered(),
            analysis=made.analysis if made else None,
            description=made.description if made else None,
            analysed_at=made.analysed_at if made else None,
            version=self._version,
        )

    async def document(self, simulation_id: str, tenant: str) -> AsyncGenerator[bytes, None]:
        """The JSON document in portions, responses of a few agents at a time. Raises `NotFoundError` at the first."""
        async with self._database.read(tenant=tenant) as tx:
            status = await self.status(tx, simulation_id)
            clusters = await self._store.responses.clusters(tx, simulation_id)
            document = Document(self._findings(status, Gathering()), clusters)
            yield await asyncio.to_thread(document.begin)
            agents = await self._store.responses.agents(tx, simulation_id)
            async for turns in in_blocks(self._store, tx, simulation_id, agents):
                yield await asyncio.to_thread(document.add, turns)
            yield document.end()

    async def rows(
        self, simulation_id: str, make: Callable[[Contents], RowWriter], tenant: str
    ) -> AsyncGenerator[bytes, None]:
        """A file of responses as rows, in portions; the first one comes when the request is known to be good.

        Turns are read a few agents at a time, twice: for which columns there are, and for the rows. Raises
        `NotFoundError`, and what `make` raises.
        """
        async with self._database.read(tenant=tenant) as tx:
            status = await self.status(tx, simulation_id)
            outline = Outline(status.study, await self._store.responses.clusters(tx, simulation_id))
            agents = await self._store.responses.agents(tx, simulation_id)
            async for turns in in_blocks(self._store, tx, simulation_id, agents):
                outline.add(turns)
            analysis = status.made.analysis if status.made else None
            table = outline.table(status.evidence)
            writer = make(Contents(status.study, status.state, analysis, table))
            with closing(writer):
                yield writer.begin()
                async for turns in in_blocks(self._store, tx, simulation_id, agents):
                    yield await asyncio.to_thread(writer.add, table.rows(turns))
                portions = writer.end()
                while (portion := await asyncio.to_thread(next, portions, None)) is not None:
                    yield portion

    async def _made(self, tx: Transaction, study: Study) -> Made | None:
        """The latest analysis, with the grades of now and the themes that a model found."""
        made = await self._store.analyses.latest(tx, study.simulation_id)
        if made is None:
            return None
        coded = await self._store.codings.of(tx, study.simulation_id)
        description = made.description.model_copy(update={"themes": (*made.description.themes, *coded)})
        graded = grade(study, made.analysis, description, await self._store.grades.standing(tx, study))
        return Made(graded.analysis, graded.description, made.analysed_at)

    async def individual(self, tx: Transaction, simulation_id: str, agent_id: str) -> tuple[Study, list[Turn]]:
        """The study and all turns of one agent. Raises `NotFoundError` for an agent without one."""
        study = await find_study(self._store, tx, simulation_id)
        turns = await self._store.responses.of(tx, simulation_id, [agent_id])
        if not turns:
            raise NotFoundError("response of the agent", agent_id)
        return study, in_order(turns)

    async def individuals(
        self,
        tx: Transaction,
        simulation_id: str,
        limit: int,
        after: tuple[str, str] | None,
        arm: str | None,
        segment: str | None,
    ) -> list[Turn]:
        """Turns by agent, after this (agent_id, turn_id). Raises `InvalidError` for an arm or a segment of no one."""
        study = await find_study(self._store, tx, simulation_id)
        turns = await self._store.responses.page(tx, simulation_id, limit, after, arm, segment)
        if not turns and after is None:
            await explain_nothing(self._store, tx, study, arm, segment)
        return turns

    async def feed(self, tx: Transaction, simulation_id: str, limit: int, after: int) -> list[tuple[int, Turn]]:
        """Turns in the order in which they were recorded, each with its place, after this one."""
        return await self._store.responses.after(tx, simulation_id, limit, after)

    async def _analyse_if_complete(self, tx: Transaction, simulation_id: str, recorded: int = 0) -> None:
        progress = await self._store.analyses.advance(tx, simulation_id, recorded)
        expected = progress.expected or 0
        if progress.cause is None or progress.recorded < expected:
            return
        if await self._store.responses.count(tx, simulation_id) < expected:
            return  # some of what is there is of a timeline that was left
        study = await self._store.studies.get(tx, simulation_id)
        if study is None or not await self._is_known(tx, study):
            return
        look = progress.looks + 1
        made = await self._analysed(tx, study, look)
        if expected >= LARGE:
            tidy()
        await self._store.analyses.add(tx, simulation_id, look, made)
        graded = grade(study, made.analysis, made.description, await self._store.grades.standing(tx, study))
        await self._events.completed(tx, study, graded.analysis, made.analysed_at, progress.cause)

    async def _analysed(self, tx: Transaction, study: Study, look: int) -> Made:
        replies = await read_replies(self._store, tx, study)
        if len(replies.all) >= LARGE:
            tidy()  # of what reading took
        written = await read_texts(self._store, tx, study, replies, fields_of(study))
        analysis = await asyncio.to_thread(analyse, study, replies, looks=look)
        description = await asyncio.to_thread(describe, study, replies, written, looks=look)
        return Made(analysis, description, datetime.now(UTC))

    async def _is_known(self, tx: Transaction, study: Study) -> bool:
        """True when the plan has arrived, and every step where there is none, or where it has conditions."""
        if study.intervention_id is not None and study.plan is None:
            return False
        if study.plan is not None and not any(arm.has_conditions for arm in study.plan.arms):
            return True
        return await self._store.studies.unknown_steps(tx, study.simulation_id) == 0
