"""What a handler can rely on: each message takes effect once, with its messages, or not at all."""

import asyncio
import time
from typing import Any

import pytest
from sqlalchemy import select

from libs.bus import DeadLetter, NotReadyError, OnHoldError, Outbox, Router
from libs.bus.dead_letters import CONSUMER, SUBJECT, dead_letters, replay
from libs.bus.streams import COMMANDS, DEAD_LETTERS, EVENTS
from libs.bus.tables import OUTBOX
from libs.contracts import subjects
from libs.contracts.envelope import Envelope, Message, seal
from libs.contracts.identity import tenant_at_work
from libs.db import Transaction
from libs.telemetry import span
from tests.libs.bus.parts import NOTES, Note, Noted, Service, deliveries, publish, running, settings, settled, until
from tests.support.traces import recorded_spans


def noting(fail: Any = None) -> tuple[Router, list[Envelope]]:
    """A router that writes each note down, sends a command, and then does what `fail` does with the attempt."""
    router = Router("results")
    attempts: list[Envelope] = []
    outbox = Outbox("results")

    @router.on(Noted)
    async def on_noted(tx: Transaction, message: Message[Noted], service: Any) -> None:
        attempts.append(message.envelope)
        await tx.execute(NOTES.insert(), {"text": message.data.text})
        await outbox.add(tx, Note(text=f"after {message.data.text}"))
        if fail is not None:
            fail(message, len(attempts))

    return router, attempts


async def sent(service: Service) -> list[str]:
    async with service.database.read() as tx:
        return list((await tx.execute(select(OUTBOX.c.id).order_by(OUTBOX.c.seq))).scalars())


async def test_an_event_published_twice_takes_effect_once(nats_url: str, database_url: str) -> None:
    router, attempts = noting()
    async with running("results", database_url, settings(nats_url), router) as receiver:
        message = Noted(text="hello")
        envelope = seal(message, source="population")
        for number in range(3):
            await publish(receiver, message, envelope, **{"Nats-Msg-Id": f"publication {number}"})
        await until(lambda: settled(receiver, "results-noted"))
        assert await receiver.notes() == ["hello"]
        assert len(await sent(receiver)) == 1
        assert len(attempts) == 1


async def test_a_message_whose_acknowledgement_was_lost_takes_effect_once(nats_url: str, database_url: str) -> None:
    router, attempts = noting()
    for _ in range(2):
        async with running("results", database_url, settings(nats_url), router) as receiver:
            if not attempts:
                await publish(receiver, message := Noted(text="hello"), seal(message, source="population"))
            await until(lambda: attempts and settled(receiver, "results-noted"))
            assert await receiver.notes() == ["hello"]
            assert len(attempts) == 1
            await receiver.js.delete_consumer(EVENTS, "results-noted")  # the server forgets what was acknowledged


async def test_a_handler_that_fails_leaves_nothing_and_its_retry_sends_the_same_ids(
    nats_url: str, database_url: str
) -> None:
    ids: list[str] = []
    router = Router("results")
    outbox = Outbox("results")

    @router.on(Noted)
    async def on_noted(tx: Transaction, message: Message[Noted], service: Any) -> None:
        await tx.execute(NOTES.insert(), {"text": message.data.text})
        ids.extend([(await outbox.add(tx, Note(text=text))).id for text in ("first", "second")])
        if len(ids) == 2:
            async with receiver.database.read() as other:
                assert (await other.execute(select(NOTES))).all() == []
            raise RuntimeError("not this time")

    async with running("results", database_url, settings(nats_url), router) as receiver:
        await publish(receiver, message := Noted(text="hello"), seal(message, source="population"))
        await until(lambda: settled(receiver, "results-noted"))
        assert await receiver.notes() == ["hello"]
        assert await sent(receiver) == ids[:2] == ids[2:]
        assert len(set(ids)) == 2


async def test_after_five_failures_a_message_is_a_dead_letter_and_can_be_replayed(
    nats_url: str, sqlite_url: str
) -> None:
    broken = True

    def fail(message: Message[Noted], attempt: int) -> None:
        if broken:
            raise RuntimeError(f"attempt {attempt} failed")

    router, attempts = noting(fail)
    async with running("results", sqlite_url, settings(nats_url), router) as receiver:
        message = Noted(text="hello")
        envelope = seal(message, source="population")
        await publish(receiver, message, envelope)
        await until(lambda: dead_letters(receiver.js))
        assert len(attempts) == 5
        assert await receiver.notes() == []
        [letter] = await dead_letters(receiver.js)
        assert letter.error == "RuntimeError: attempt 5 failed"
        assert (letter.consumer, letter.deliveries, letter.id) == ("results-noted", 5, envelope.id)
        assert letter.subject == "rehearsal.evt.default.population.noted.v1.s1"
        assert letter.body == message.model_dump_json().encode()

        broken = False
        assert await replay(receiver.js, [letter]) == 1
        await until(lambda: settled(receiver, "results-noted"))
        assert await receiver.notes() == ["hello"]
        assert attempts[-1].id == envelope.id
        assert await dead_letters(receiver.js) == []


async def test_whoever_waits_for_a_command_is_told_once_that_it_was_given_up(
    nats_url: str, database_url: str, sqlite_url: str
) -> None:
    failing, waiting = Router("results"), Router("orchestrator")
    outbox = Outbox("orchestrator")
    letters: list[DeadLetter] = []

    @failing.work(Note)
    async def on_note(message: Message[Note], service: Any) -> None:
        raise RuntimeError("cannot be done")

    @waiting.dead(Note, Noted)
    async def on_dead_letter(tx: Transaction, letter: DeadLetter, service: Any) -> None:
        letters.append(letter)
        assert len(letters) > 1, "a handler of dead letters is tried again like any other"
        note = letter.read(Note)
        await tx.execute(NOTES.insert(), {"text": note.text if note else "unreadable"})
        await outbox.add(tx, Noted(text=letter.name))

    quick = settings(nats_url, retry_delays=(0.01,))
    async with (
        running("results", sqlite_url, quick, failing) as other,
        running("orchestrator", database_url, quick, waiting) as waiter,
    ):
        envelope = seal(Note(text="hello"), source="orchestrator")
        subject = subjects.concrete(Note.contract, envelope.tenant, "s1")
        await other.js.publish(subject, Note(text="hello").model_dump_json().encode(), headers=envelope.headers())
        await until(lambda: _notes_are(waiter, ["hello"]))
        assert (letters[1].name, letters[1].key, letters[1].error) == ("note", "s1", "RuntimeError: cannot be done")
        assert (letters[1].envelope().causationid, letters[1].envelope().tenant) == (envelope.id, "default")
        assert len(await sent(waiter)) == 1

        await other.js.publish(subject, b"not a message", headers=seal(Note(text=""), source="orchestrator").headers())
        await until(lambda: _notes_are(waiter, ["hello", "unreadable"]))
        assert letters[2].error.startswith("UndecodableError")
        assert len(await dead_letters(waiter.js)) == 2


async def test_a_service_is_told_of_the_events_that_it_gave_up_itself_and_of_no_others(
    nats_url: str, sqlite_url: str
) -> None:
    def fail(_message: Message[Noted], _attempt: int) -> None:
        raise RuntimeError("no")

    router, _ = noting(fail)
    letters: list[DeadLetter] = []

    @router.dead(Noted)
    async def on_dead_letter(tx: Transaction, letter: DeadLetter, service: Any) -> None:
        letters.append(letter)
        raise RuntimeError("not even that")

    async with running("results", sqlite_url, settings(nats_url, retry_delays=(0.01,)), router) as receiver:
        for consumer in ("validation-noted", "results-noted"):
            headers = {SUBJECT: "rehearsal.evt.default.population.noted.v1.s1", CONSUMER: consumer}
            await receiver.js.publish("rehearsal.dlq.default.population.noted.v1.s1", b"{}", headers=headers)
        await until(lambda: len(letters) == 2)
        await until(lambda: settled(receiver, "results-noted-dead", DEAD_LETTERS))
        assert {letter.consumer for letter in letters} == {"results-noted"}
        assert len(await dead_letters(receiver.js)) == 2, "a dead letter does not become another one"


async def _notes_are(service: Service, notes: list[str]) -> bool:
    return await service.notes() == notes


async def test_a_command_that_fails_leaves_the_work_queue_for_the_dead_letters(nats_url: str, sqlite_url: str) -> None:
    router = Router("results")

    @router.work(Note)
    async def on_note(message: Message[Note], service: Any) -> None:
        raise RuntimeError("cannot be done")

    async with running("results", sqlite_url, settings(nats_url, retry_delays=(0.01,)), router) as service:
        await service.send(Note(text="first"), Note(text="second"))  # published as one batch
        await until(lambda: _count(service, 2))
        assert [letter.deliveries for letter in await dead_letters(service.js)] == [2, 2]
        await until(lambda: settled(service, "results-note", COMMANDS))
        assert (await service.js.stream_info(COMMANDS)).state.messages == 0
        assert len(await dead_letters(service.js, limit=1)) == 1
        [second] = await dead_letters(service.js, after=1)
        assert b"second" in second.body
        assert not [name for name in second.headers if name.startswith(("Nats-", "rehearsal-"))]


async def test_a_replayed_message_that_fails_again_is_a_dead_letter_again(nats_url: str, sqlite_url: str) -> None:
    def fail(message: Message[Noted], attempt: int) -> None:
        raise RuntimeError("always")

    router, attempts = noting(fail)
    async with running("results", sqlite_url, settings(nats_url, retry_delays=()), router) as receiver:
        await publish(receiver, message := Noted(text="hello"), seal(message, source="population"))
        await until(lambda: dead_letters(receiver.js))
        await replay(receiver.js, await dead_letters(receiver.js))
        await until(lambda: len(attempts) == 2)
        await until(lambda: dead_letters(receiver.js))


BAD_HEADERS = [
    ({"ce-id": ""}, "ce-id has 0 characters"),
    ({"ce-id": "x" * 256}, "ce-id has 256 characters"),
    ({"ce-type": "rehearsal.population.other.v1"}, "ce-type is 'rehearsal.population.other.v1'"),
    ({"ce-tenant": "somebody-else"}, "ce-tenant is 'somebody-else'"),
    ({"ce-time": "yesterday"}, "Invalid isoformat string"),
]


async def test_a_message_with_a_bad_envelope_is_a_dead_letter_at_once(nats_url: str, sqlite_url: str) -> None:
    router, attempts = noting()
    async with running("results", sqlite_url, settings(nats_url), router) as receiver:
        message = Noted(text="hello")
        subject = subjects.concrete(message.contract, "default", "s1")
        for headers, _ in BAD_HEADERS:
            own = seal(message, source="population").headers() | headers
            await receiver.js.publish(subject, message.model_dump_json().encode(), headers=own)
        await until(lambda: _count(receiver, len(BAD_HEADERS)))
        errors = sorted(letter.error for letter in await dead_letters(receiver.js))
        for found, expected in zip(errors, sorted(error for _, error in BAD_HEADERS), strict=True):
            assert expected in found
        assert attempts == []
        assert await settled(receiver, "results-noted")


async def test_a_message_without_headers_or_with_another_body_is_a_dead_letter_at_once(
    nats_url: str, sqlite_url: str
) -> None:
    router, attempts = noting()
    async with running("results", sqlite_url, settings(nats_url), router) as receiver:
        subject = subjects.concrete(Noted.contract, "default", "s1")
        await receiver.js.publish(subject, b'{"text": "no headers"}')
        envelope = seal(Noted(text=""), source="population")
        await receiver.js.publish(subject, b'{"text": 7}', headers=envelope.headers())
        await until(lambda: _count(receiver, 2))
        letters = await dead_letters(receiver.js)
        assert {"ce-id" in letter.error or "valid string" in letter.error for letter in letters} == {True}
        assert attempts == []


async def _count(service: Service, number: int) -> bool:
    return len(await dead_letters(service.js)) == number


async def test_a_message_that_came_too_early_is_handled_once_it_is_ready(nats_url: str, sqlite_url: str) -> None:
    def fail(message: Message[Noted], attempt: int) -> None:
        if attempt < 4:
            raise NotReadyError("the study is not known yet")

    router, attempts = noting(fail)
    async with running("results", sqlite_url, settings(nats_url, retry_delays=()), router) as receiver:
        await publish(receiver, message := Noted(text="early"), seal(message, source="population"))
        await until(lambda: settled(receiver, "results-noted"))
        assert await receiver.notes() == ["early"]
        assert len(attempts) == 4
        assert await dead_letters(receiver.js) == []
        assert await deliveries(receiver, "results-noted") == 1  # it was kept in hand


async def test_a_message_that_never_gets_ready_is_a_dead_letter_in_the_end(nats_url: str, sqlite_url: str) -> None:
    def fail(message: Message[Noted], attempt: int) -> None:
        raise NotReadyError("the study is not known yet")

    router, _ = noting(fail)
    async with running("results", sqlite_url, settings(nats_url, early=0.0, patience=0.6), router) as receiver:
        await publish(receiver, message := Noted(text="early"), seal(message, source="population"))
        await until(lambda: dead_letters(receiver.js))
        [letter] = await dead_letters(receiver.js)
        assert letter.error == "NotReadyError: the study is not known yet"
        assert letter.deliveries > 1


async def test_a_message_on_hold_is_tried_again_for_as_long_as_it_takes(nats_url: str, sqlite_url: str) -> None:
    def fail(message: Message[Noted], attempt: int) -> None:
        if attempt < 6:
            raise OnHoldError("nobody has decided yet")

    router, attempts = noting(fail)
    impatient = settings(nats_url, patience=0.01, retry_delays=(), hold_delay=0.05)
    async with running("results", sqlite_url, impatient, router) as receiver:
        await publish(receiver, message := Noted(text="held"), seal(message, source="population"))
        await until(lambda: settled(receiver, "results-noted"))
        assert await receiver.notes() == ["held"]
        assert len(attempts) == 6
        assert await dead_letters(receiver.js) == []


async def test_work_longer_than_the_acknowledgement_time_is_done_once(nats_url: str, sqlite_url: str) -> None:
    router = Router("results")
    begun: list[str] = []

    @router.work(Note)
    async def on_note(message: Message[Note], service: Any) -> None:
        begun.append(message.data.text)
        await asyncio.sleep(1.6)

    quick = settings(nats_url, ack_wait=1.0, work_at_once=6)
    async with running("results", sqlite_url, quick, router) as service:
        await service.send(*(Note(text=str(number)) for number in range(4)))
        await until(lambda: len(begun) == 4, within=1.5)  # at the same time
        await until(lambda: settled(service, "results-note", COMMANDS))
        assert sorted(begun) == ["0", "1", "2", "3"]


async def test_two_apps_share_the_messages_of_one_service(nats_url: str, database_url: str) -> None:
    first, second = noting(lambda message, attempt: None), noting(lambda message, attempt: None)
    async with (
        running("results", database_url, settings(nats_url, handlers_at_once=2), first[0]) as one,
        running("results", database_url, settings(nats_url, handlers_at_once=2), second[0]),
    ):
        texts = [f"note {number}" for number in range(60)]
        for text in texts:
            await publish(one, message := Noted(text=text), seal(message, source="population"))
        await until(lambda: settled(one, "results-noted"))
        assert sorted(await one.notes()) == sorted(texts)
        assert len(first[1]) + len(second[1]) == 60
        assert first[1]
        assert second[1]


async def test_one_router_serves_several_apps_of_a_process(nats_url: str, tmp_path: Any) -> None:
    router = Router("results")

    @router.on(Noted)
    async def on_noted(tx: Transaction, message: Message[Noted], service: list[str]) -> None:
        service.append(message.data.text)

    for name in ("a", "b"):
        received: list[str] = []
        async with running("results", f"sqlite:///{tmp_path}/{name}.db", settings(nats_url), router, received) as app:
            await publish(app, message := Noted(text=name), seal(message, source="population"))
            await until(lambda: received == [name])  # noqa: B023


async def test_the_trace_of_the_sender_is_carried_to_the_receiver(nats_url: str, tmp_path: Any) -> None:
    exporter = recorded_spans()
    router, attempts = noting()
    async with (
        running("population", f"sqlite:///{tmp_path}/a.db", settings(nats_url)) as sender,
        running("results", f"sqlite:///{tmp_path}/b.db", settings(nats_url), router) as receiver,
    ):
        with span("POST /notes") as request:
            await sender.send(Noted(text="hello"))
        await until(lambda: len(attempts) == 1)
        await until(lambda: settled(receiver, "results-noted"))
        trace_id = request.get_span_context().trace_id
        [handling] = [
            each for each in exporter.get_finished_spans() if each.name == "rehearsal.evt.*.population.noted.v1.*"
        ]
        assert handling.context is not None
        assert handling.context.trace_id == trace_id
        async with receiver.database.read() as tx:
            headers = (await tx.execute(select(OUTBOX.c.headers))).scalar_one()
        assert f"{trace_id:032x}" in headers


@pytest.mark.parametrize("mode", ["on", "sink"])
async def test_a_message_after_a_pause_is_handled_at_once(mode: str, nats_url: str, sqlite_url: str) -> None:
    router, handled = Router("results"), asyncio.Event()

    async def on_noted(tx: Transaction, message: Any, service: Any) -> None:
        handled.set()

    async def other_work() -> None:  # which makes answers to requests that ended come a moment later
        while True:
            time.sleep(0.02)
            await asyncio.sleep(0.002)

    getattr(router, mode)(Noted)(on_noted)
    patient = settings(nats_url, fetch_timeout=1.0)
    async with running("population", sqlite_url, patient) as sender, running("results", sqlite_url, patient, router):
        working = asyncio.create_task(other_work())
        for pause in (1.2, 1.2, 1.3, 1.3):  # a request for messages ends in each
            await asyncio.sleep(pause)
            handled.clear()
            await sender.send(Noted(text="late?"))
            async with asyncio.timeout(0.5):
                await handled.wait()
        working.cancel()


async def test_a_handler_works_for_the_tenant_of_its_message(nats_url: str, sqlite_url: str) -> None:
    router, seen = Router("results"), dict[str, list[str]]()

    @router.on(Noted)
    async def on_noted(_tx: Transaction, message: Message[Noted], _service: Any) -> None:
        seen.setdefault("on", []).append(f"{message.envelope.tenant} {tenant_at_work.get()}")

    @router.work(Note)
    async def on_note(message: Message[Note], _service: Any) -> None:
        seen.setdefault("work", []).append(f"{message.envelope.tenant} {tenant_at_work.get()}")

    async with running("results", sqlite_url, settings(nats_url), router) as receiver:
        for tenant in ("acme", "globex"):
            for message in (Noted(text="hello"), Note(text="hello")):
                await publish(receiver, message, seal(message, source="population", tenant=tenant))
        await until(lambda: _is_seen(seen))
    assert {kind: sorted(found) for kind, found in seen.items()} == {
        "on": ["acme acme", "globex globex"],
        "work": ["acme acme", "globex globex"],
    }


async def _is_seen(seen: dict[str, list[str]]) -> bool:
    return sum(map(len, seen.values())) == 4
