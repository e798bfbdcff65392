"""Deadlines after a time in which no orchestrator was there: it was down, the machine slept, the clock jumped."""

import asyncio
from datetime import UTC, datetime, timedelta

from libs.db import EVERY_TENANT, Database
from services.orchestrator.app import create_app
from services.orchestrator.domain.simulation import Simulation
from services.orchestrator.service import Orchestrator
from services.orchestrator.settings import Settings
from services.orchestrator.store import LookoutStore
from tests.services.orchestrator.parts import START
from tests.support.apps import running

WAITS = timedelta(hours=1)
"""How long a simulation may wait for its population."""


async def one_waiting(database: Database, service: Orchestrator) -> Simulation:
    async with database.write() as tx:
        await service.begin(tx, START)
        return await service.get(tx, START.simulation_id)


async def state_of(database: Database, service: Orchestrator) -> str:
    async with database.read() as tx:
        return str((await service.get(tx, START.simulation_id)).state)


async def test_a_simulation_outlives_an_absence_and_has_the_time_that_it_had(database_url: str, nats_url: str) -> None:
    settings = Settings(database_url=database_url, nats_url=nats_url, models_url="local://models", timer_interval_s=60)
    app = create_app(settings)
    service, database = app.state.service, app.state.database
    async with running("orchestrator", app):
        waiting = await one_waiting(database, service)
        begun = waiting.updated_at
        await service.look(begun + timedelta(minutes=1))
        back = begun + timedelta(days=3)
        await service.look(back)
        assert await state_of(database, service) == "provisioning"
        for minute in range(1, 60):
            await service.look(back + timedelta(minutes=minute) - timedelta(seconds=30))
            assert await state_of(database, service) == "provisioning", minute
        await service.look(back + timedelta(minutes=60))
        assert await state_of(database, service) == "failed"


async def test_of_processes_that_come_back_together_one_gives_the_time_back(database_url: str, nats_url: str) -> None:
    settings = Settings(database_url=database_url, nats_url=nats_url, models_url="local://models", timer_interval_s=60)
    first, second = create_app(settings), create_app(settings)
    async with running("orchestrator", first), running("orchestrator", second):
        waiting = await one_waiting(first.state.database, first.state.service)
        begun = waiting.updated_at
        await first.state.service.look(begun)
        away = timedelta(minutes=30)
        await first.state.service.look(begun + timedelta(minutes=2))
        back = begun + timedelta(minutes=2) + away
        await asyncio.gather(*(app.state.service.look(back) for app in (first, second)))
        async with first.state.database.read() as tx:
            after = await first.state.service.get(tx, START.simulation_id)
        assert after.deadline_at == begun + WAITS + away


async def test_while_another_process_looks_an_absence_of_one_gives_no_time(database_url: str, nats_url: str) -> None:
    settings = Settings(database_url=database_url, nats_url=nats_url, models_url="local://models", timer_interval_s=60)
    app = create_app(settings)
    service, database = app.state.service, app.state.database
    async with running("orchestrator", app):
        begun = (await one_waiting(database, service)).updated_at
        await service.look(begun)
        back = begun + timedelta(hours=2)
        async with database.write(tenant=EVERY_TENANT) as tx:
            assert await LookoutStore().look(tx, begun, back - timedelta(seconds=20))
        await service.look(back)
        assert await state_of(database, service) == "failed"


async def test_a_clock_that_went_ahead_and_came_back_ends_nothing(database_url: str, nats_url: str) -> None:
    settings = Settings(database_url=database_url, nats_url=nats_url, models_url="local://models", timer_interval_s=60)
    app = create_app(settings)
    service, database = app.state.service, app.state.database
    async with running("orchestrator", app):
        waiting = await one_waiting(database, service)
        now = datetime.now(UTC)
        for moment in (now, now + timedelta(days=3_650), now, now - timedelta(days=40), now):
            await service.look(moment)
            assert await state_of(database, service) == "provisioning", moment
        async with database.read() as tx:
            after = await service.get(tx, START.simulation_id)
        assert after.deadline_at is not None
        assert waiting.deadline_at is not None
        assert abs(after.deadline_at - waiting.deadline_at) < timedelta(seconds=30)
