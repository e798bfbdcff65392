"""A message stays in hand while it waits, or its service stops: nobody is given it a second time without need."""

import asyncio
import time
from typing import Any

import pytest

from libs.bus import NotReadyError, Router
from libs.bus.streams import COMMANDS, EVENTS
from libs.contracts.envelope import Message, seal
from libs.db import Transaction
from tests.libs.bus.parts import Note, Noted, deliveries, publish, running, settings, settled, until


async def test_a_message_that_stays_too_early_makes_room_for_others(nats_url: str, sqlite_url: str) -> None:
    router, handled = Router("results"), list[str]()

    @router.on(Noted)
    async def on_noted(tx: Transaction, message: Message[Noted], service: Any) -> None:
        if message.data.text == "early":
            raise NotReadyError("the study is not known yet")
        handled.append(message.data.text)

    narrow = settings(nats_url, early=0.1, handlers_at_once=1)
    async with running("results", sqlite_url, narrow, router) as receiver:
        for text in ("early", "later"):
            await publish(receiver, message := Noted(text=text), seal(message, source="population"))
        await until(lambda: handled == ["later"])


@pytest.mark.parametrize("mode", ["on", "work"])
async def test_while_what_it_needs_is_away_a_message_is_kept_in_hand_and_given_to_nobody_else(
    mode: str, nats_url: str, sqlite_url: str
) -> None:
    router, tries = Router("results"), list[float]()

    async def come_by(*_: Any) -> None:
        tries.append(time.monotonic())
        if time.monotonic() - tries[0] < 1.5:
            raise ConnectionError("the models service is away")

    declare: Any = router.on(Noted) if mode == "on" else router.work(Note)
    declare(come_by)
    stream, durable = (EVENTS, "results-noted") if mode == "on" else (COMMANDS, "results-note")
    async with running("results", sqlite_url, settings(nats_url, ack_wait=1.0), router) as receiver:
        message = Noted(text="patient") if mode == "on" else Note(text="patient")
        await publish(receiver, message, seal(message, source="population"))
        await until(lambda: tries and settled(receiver, durable, stream))
        assert len(tries) > 3
        assert await deliveries(receiver, durable, stream) == 1


async def test_work_in_hand_when_a_service_stops_is_handed_back_at_once(nats_url: str, tmp_path: Any) -> None:
    def worker(seconds: float) -> tuple[Router, list[str]]:
        router, done = Router("results"), list[str]()

        @router.work(Note)
        async def on_note(message: Message[Note], service: Any) -> None:
            done.append("begun")
            await asyncio.sleep(seconds)
            done.append("finished")

        return router, done

    patient = settings(nats_url, ack_wait=60.0, drain_timeout=0.2)
    slow, slow_done = worker(30.0)
    async with running("results", f"sqlite:///{tmp_path}/a.db", patient, slow) as service:
        await service.send(Note(text="long"))
        await until(lambda: slow_done == ["begun"])
    quick, quick_done = worker(0.0)
    async with running("results", f"sqlite:///{tmp_path}/b.db", patient, quick):
        await until(lambda: quick_done == ["begun", "finished"], within=5.0)
    assert slow_done == ["begun"]


async def test_work_in_hand_when_a_service_winds_down_is_finished_and_nothing_else_is_begun(
    nats_url: str, database_url: str
) -> None:
    def worker() -> tuple[Router, list[str]]:
        router, done = Router("results"), list[str]()

        @router.work(Note)
        async def on_note(message: Message[Note], service: Any) -> None:
            done.append(message.data.text)
            await asyncio.sleep(1.6)

        return router, done

    one_by_one = settings(nats_url, ack_wait=1.0, work_at_once=1, drain_timeout=10.0)
    (old, by_old), (new, by_new) = worker(), worker()
    async with running("results", database_url, one_by_one, old) as leaving:
        await leaving.send(Note(text="in hand"), Note(text="next"))
        await until(lambda: by_old)
        leaving.bus.wind_down()
        async with running("results", database_url, one_by_one, new) as successor:
            await until(lambda: by_new, within=1.5)  # while the other still works
            await until(lambda: settled(successor, "results-note", COMMANDS))
            assert (by_old, by_new) == (["in hand"], ["next"])
            assert await deliveries(successor, "results-note", COMMANDS) == 2


async def test_what_comes_of_the_request_that_is_open_when_a_service_winds_down_is_handled(
    nats_url: str, sqlite_url: str
) -> None:
    """Were the request taken back while the server answers it, that would cost a delivery."""
    router, handled = Router("results"), list[str]()

    @router.on(Noted)
    async def on_noted(tx: Transaction, message: Message[Noted], service: Any) -> None:
        handled.append(message.data.text)

    async with running("results", sqlite_url, settings(nats_url, ack_wait=60.0), router) as leaving:
        await publish(leaving, message := Noted(text="before"), seal(message, source="population"))
        await until(lambda: handled)
        gone = leaving.bus.wind_down()
        await publish(leaving, message := Noted(text="in the moment"), seal(message, source="population"))
        await gone
        await publish(leaving, message := Noted(text="afterwards"), seal(message, source="population"))
        assert handled == ["before", "in the moment"]
        assert await deliveries(leaving, "results-noted", EVENTS) == 2
