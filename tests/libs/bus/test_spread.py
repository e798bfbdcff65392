"""Messages in great number over several streams: each is handled once, also while the number of streams is raised."""

from collections import Counter
from typing import Any, ClassVar

import nats
import pytest

from libs.bus import Router
from libs.bus.dead_letters import dead_letters, replay
from libs.bus.spreading import SpreadError, lower
from libs.bus.streams import EVENTS, KINDS, Spread, placed, spread_streams, stream_configs
from libs.contracts import subjects
from libs.contracts.base import Contract, MessageData
from libs.contracts.envelope import Message
from libs.db import Transaction
from tests.libs.bus.parts import NOTES, Service, running, settings, until

TEXTS = [f"{number:03}" for number in range(200)]


class Told(MessageData):
    contract: ClassVar = Contract("evt", "population", "told", "study_id", ("results",), spread="text")
    study_id: str = "s1"
    text: str


class Tell(MessageData):
    contract: ClassVar = Contract("cmd", "results", "tell", "study_id", ("results",), spread="text")
    study_id: str = "s1"
    text: str


def listening() -> Router:
    router = Router("results")

    @router.sink(Told)
    async def on_told(tx: Transaction, messages: list[Message[Told]], service: Any) -> None:
        await tx.execute(NOTES.insert(), [{"text": message.data.text} for message in messages])

    @router.on(Tell)
    async def on_tell(tx: Transaction, message: Message[Tell], service: Any) -> None:
        if message.data.text == "bad":
            raise ValueError("nobody can handle this")
        await tx.execute(NOTES.insert(), [{"text": message.data.text}])

    return router


async def handled(service: Service, count: int) -> None:
    """Wait until so many messages were handled, and none waits to be published."""

    async def is_done() -> bool:
        return len(await service.notes()) >= count and not await service.waiting()

    await until(is_done)


async def nothing_waits(service: Service) -> bool:
    """Whether all that was handled is settled at the server too."""
    names = [str(info.config.name) for info in await service.js.streams_info()]
    places = [one for name in names for one in await service.js.consumers_info(name)]
    return not any((one.num_pending or 0) + (one.num_ack_pending or 0) for one in places)


async def in_stream(service: Service, name: str) -> int:
    return (await service.js.stream_info(name)).state.messages


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spread", [4, 16])
def test_every_partition_lies_in_one_stream_and_a_message_goes_to_that_of_its_partition(
    kind: str, spread: Spread
) -> None:
    configs = {config.name: config.subjects or [] for config in stream_configs(spread=spread, kinds=[kind])}
    own = Counter(one for name in spread_streams(kind, spread) for one in configs[name])
    assert own == Counter(subjects.in_partition(f"rehearsal.{kind}.>", number) for number in range(64))
    for text in TEXTS:
        subject = f"rehearsal.{kind}.default.population.told.v1.s1"
        stream, there = placed(subject, text, spread)
        assert there.removesuffix("default.population.told.v1.s1") + ">" in configs[stream]


def test_a_partition_is_for_good() -> None:
    assert [subjects.partition_of(text) for text in ("", "a", "delivery 1")] == [0, 3, 36]


async def test_what_is_spread_is_handled_once_while_streams_become_more(nats_url: str, database_url: str) -> None:
    sent: list[str] = []
    for spread in (1, 4, 16):
        chosen = settings(nats_url, spread=spread)
        async with running("results", database_url, chosen, listening()) as service:
            await service.send(*(Told(text=f"{spread} {text}") for text in TEXTS), *(Tell(text=f"{spread}!"),))
            sent += [*(f"{spread} {text}" for text in TEXTS), f"{spread}!"]
            await handled(service, len(sent))
            assert sorted(await service.notes()) == sorted(sent)
            assert await in_stream(service, EVENTS) == len(TEXTS)
            found = [await in_stream(service, name) for name in spread_streams("evt", spread)]
            assert all(found), "every stream has some of them"


async def test_what_was_sent_before_and_not_handled_is_handled_afterwards(nats_url: str, sqlite_url: str) -> None:
    for spread in (1, 4, 16):
        async with running("results", sqlite_url, settings(nats_url, spread=spread), Router("results")) as deaf:
            await deaf.send(*(Told(text=f"{spread} {text}") for text in TEXTS))
    async with running("results", sqlite_url, settings(nats_url, spread=16), listening()) as service:
        await handled(service, 3 * len(TEXTS))
        assert len(set(await service.notes())) == 3 * len(TEXTS)


@pytest.mark.parametrize(("before", "after"), [(4, 1), (16, 1), (16, 4)])
async def test_fewer_streams_are_refused_while_something_waits_and_until_they_are_lowered(
    before: Spread, after: Spread, nats_url: str, sqlite_url: str
) -> None:
    chosen, fewer = settings(nats_url, spread=before), settings(nats_url, spread=after)
    async with running("results", sqlite_url, chosen, listening()):
        pass
    async with running("results", sqlite_url, chosen, Router("results")) as deaf:
        await deaf.send(*(Told(text=text) for text in TEXTS), Tell(text="1"))
        await handled(deaf, 0)
        with pytest.raises(SpreadError, match=rf"SPREAD is {after}, .* wait in streams of {before} .*SPREAD={before} "):
            await lower(deaf.js, after)
    with pytest.raises(SpreadError, match=f"SPREAD is {after}, but there is a stream .*provision --spread {after}"):
        async with running("results", sqlite_url, fewer, listening()):
            pass
    async with running("results", sqlite_url, chosen, listening()) as service:
        await handled(service, len(TEXTS) + 1)
        await until(lambda: nothing_waits(service))
    connection = await nats.connect(nats_url)
    await lower(connection.jetstream(), after)
    await connection.close()
    async with running("results", sqlite_url, fewer, listening()) as service:
        await service.send(*(Told(text=f"again {text}") for text in TEXTS))
        await handled(service, 2 * len(TEXTS) + 1)
        there = {str(info.config.name) for info in await service.js.streams_info()}
        assert there == {str(config.name) for config in stream_configs(spread=after)}


async def test_a_lost_stream_of_several_is_filled_again(nats_url: str, sqlite_url: str) -> None:
    chosen = settings(nats_url, spread=4)
    async with running("results", sqlite_url, chosen, listening()) as service:
        await service.send(*(Told(text=text) for text in TEXTS))
        await handled(service, len(TEXTS))
        before = await in_stream(service, "EVENTS_02")
        await service.js.delete_stream("EVENTS_02")
    async with running("results", sqlite_url, chosen, listening()) as service:
        await handled(service, len(TEXTS))
        assert await in_stream(service, "EVENTS_02") == before
        assert sorted(await service.notes()) == TEXTS


async def test_a_dead_letter_of_a_partition_is_found_and_goes_back_there(nats_url: str, sqlite_url: str) -> None:
    async with running("results", sqlite_url, settings(nats_url, spread=4), listening()) as service:
        await service.send(Tell(text="bad"))

        async def is_dead() -> bool:
            return len(await dead_letters(service.js)) == 1

        await until(is_dead)
        (letter,) = await dead_letters(service.js)
        assert (letter.name, letter.key, letter.tenant) == ("tell", "s1", "default")
        assert letter.subject == placed("rehearsal.cmd.default.results.tell.v1.s1", "bad", 4)[1]
        assert await replay(service.js, [letter]) == 1

        async def is_dead_again() -> bool:
            found = await dead_letters(service.js)
            return len(found) == 1 and found[0].sequence > letter.sequence

        await until(is_dead_again)
