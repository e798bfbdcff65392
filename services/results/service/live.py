"""Use case of live aggregates: follow the feed of each simulation that has news, and publish what it amounts to.

A process keeps the aggregates of the simulations it follows and takes in each response once; they can be lost at any
time, because the feed has every response. Several processes may follow one simulation: the mark in the store sees to it
that it is published once, and at most four times a second. Who works hard publishes less often: after each round it
rests for twenty times as long as the round took, up to two seconds. What is kept grows with agents, so of a simulation
with more than 20,000 responses the aggregates stay those of the first ones, and who gave those is forgotten.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from libs.contracts.timelines import Timeline
from libs.db import EVERY_TENANT, Database, Transaction, log_failure
from services.results.domain.live import Aggregates, Running
from services.results.domain.records import Study
from services.results.events import Events
from services.results.service.studies import find_study, state_of
from services.results.store import Store

log = logging.getLogger(__name__)
INTERVAL_S = 0.25
REST, MOST_REST_S = 20, 2.0
RETRY_S = 2.0
PAGE = 500
MOST_FOLLOWED = 32
MOST_TURNS = 20_000
Simulation = tuple[str, str]
"""Its tenant and its id."""


@dataclass(slots=True)
class _Followed:
    """The aggregates of one timeline, and the place in the feed up to which they are."""

    timeline: Timeline
    running: Running
    place: int = 0
    turns: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Live:
    """Aggregates of the answers so far."""

    def __init__(self, database: Database, store: Store, events: Events) -> None:
        self._database, self._store, self._events = database, store, events
        self._followed: OrderedDict[Simulation, _Followed] = OrderedDict()
        self._news: set[Simulation] = set()
        self._has_news = asyncio.Event()
        self._publishing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to publish, first what was recorded and not shown when the service stopped."""
        async with self._database.read(tenant=EVERY_TENANT) as tx:
            self._news |= set(await self._store.shown.behind(tx))
        if self._news:
            self._has_news.set()
        self._publishing = asyncio.create_task(self._publish_news(), name="results-live")

    async def stop(self) -> None:
        """Stop publishing."""
        if self._publishing is not None:
            self._publishing.cancel()
            with suppress(asyncio.CancelledError):
                await self._publishing

    def changed(self, tx: Transaction, simulation_id: str) -> None:
        """Something was recorded; it is published once it is committed."""
        simulation = tx.tenant, simulation_id

        def note() -> None:
            self._news.add(simulation)
            self._has_news.set()

        tx.after_commit(note)

    def over(self, tx: Transaction, simulation_id: str) -> None:
        """Nothing more will come: what is still to be shown lets go of it afterwards, else it is let go of now."""
        simulation = tx.tenant, simulation_id

        def forget() -> None:
            if simulation not in self._news:
                self._followed.pop(simulation, None)

        tx.after_commit(forget)

    @property
    def followed(self) -> int:
        """Simulations of which aggregates are kept."""
        return len(self._followed)

    async def renew(self, tx: Transaction, simulation_id: str) -> None:
        """What is recorded means something else now; it is published again."""
        await self._store.shown.renew(tx, simulation_id)
        self.changed(tx, simulation_id)

    async def aggregates(self, tx: Transaction, simulation_id: str) -> Aggregates:
        """What the answers so far amount to. Raises `NotFoundError`."""
        return await self._aggregates(tx, await find_study(self._store, tx, simulation_id), simulation_id)

    async def _aggregates(self, tx: Transaction, study: Study, simulation_id: str) -> Aggregates:
        mark = await self._store.shown.mark(tx, simulation_id)
        followed = self._follow((tx.tenant, simulation_id), mark.timeline)
        async with followed.lock:
            if not followed.running.knows(study):
                followed.running, followed.place, followed.turns = Running(), 0, 0
            running = followed.running
            running.learn(study)
            await self._follow_feed(tx, simulation_id, followed)
            is_full = followed.turns >= MOST_TURNS
            place = followed.place if is_full else max(mark.places, followed.place)
            found = await asyncio.to_thread(running.aggregates, study, mark.timeline.timeline_id, place)
            return found.model_copy(update={"only_first": MOST_TURNS}) if is_full else found

    async def _follow_feed(self, tx: Transaction, simulation_id: str, followed: _Followed) -> None:
        """Take in what came, as far as there is room."""
        while followed.turns < MOST_TURNS:
            limit = min(PAGE, MOST_TURNS - followed.turns)
            rows = await self._store.responses.after(tx, simulation_id, limit, followed.place)
            for followed.place, turn in rows:
                followed.running.add(turn)
            followed.turns += len(rows)
            if not rows:
                return
        followed.running.close()

    def _follow(self, simulation: Simulation, timeline: Timeline) -> _Followed:
        """The aggregates of the present timeline; those that were asked for longest ago make room."""
        followed = self._followed.get(simulation)
        if followed is None or followed.timeline != timeline:
            followed = self._followed[simulation] = _Followed(timeline, Running())
        self._followed.move_to_end(simulation)
        while len(self._followed) > MOST_FOLLOWED:
            self._followed.popitem(last=False)
        return followed

    async def _publish_news(self) -> None:
        while True:
            await self._has_news.wait()
            self._has_news.clear()
            begun = time.perf_counter()
            for simulation in sorted(self._news):
                self._news.discard(simulation)
                if not await self._try_to_publish(*simulation):
                    self._news.add(simulation)
                    self._has_news.set()
            rest_s = REST * (time.perf_counter() - begun)
            await asyncio.sleep(min(max(rest_s, INTERVAL_S), MOST_REST_S))

    async def _try_to_publish(self, tenant: str, simulation_id: str) -> bool:
        """False when it has to be tried again: it was published a moment ago, or could not be."""
        try:
            return await self._publish(tenant, simulation_id)
        except Exception as error:  # a view of what is recorded: it must not end because the store is away for a while
            log_failure(log, "live aggregates could not be published", error, simulation_id=simulation_id)
            await asyncio.sleep(RETRY_S)
            return False

    async def _publish(self, tenant: str, simulation_id: str) -> bool:
        async with self._database.read(tenant=tenant) as tx:
            study = await self._store.studies.get(tx, simulation_id)
            if study is None or (study.intervention_id is not None and study.plan is None):
                return True  # what is asked, and what was planned, comes later and brings it here again
            found = await self._aggregates(tx, study, simulation_id)
            is_over = state_of(await self._store.analyses.progress(tx, simulation_id)) not in {"running", "analysing"}
        async with self._database.write(tenant=tenant) as tx:
            now, interval = datetime.now(UTC), timedelta(seconds=INTERVAL_S)
            is_shown = await self._store.shown.claim(tx, simulation_id, found.place, now, interval)
            if is_shown:
                await self._events.aggregates(tx, found)
            else:
                is_shown = (await self._store.shown.mark(tx, simulation_id)).shown >= found.place
        if is_shown and is_over:
            self._followed.pop((tenant, simulation_id), None)  # nothing more will come
        return is_shown
