"""What a sink can rely on: many messages in one transaction, each once, none held up by another."""

from collections.abc import Sequence
from typing import Any

from libs.bus import NotReadyError, Router
from libs.bus.dead_letters import dead_letters
from libs.bus.sink import TOGETHER_BYTES
from libs.contracts import subjects
from libs.contracts.envelope import Message, seal
from libs.db import Transaction
from tests.libs.bus.parts import NOTES, Noted, Service, running, settings, settled, until


def collecting(fail: Any = None) -> tuple[Router, list[list[str]]]:
    router, batches = Router("results"), list[list[str]]()

    @router.sink(Noted)
    async def on_noted(tx: Transaction, messages: list[Message[Noted]], service: Any) -> None:
        await tx.execute(NOTES.insert(), [{"text": message.data.text} for message in messages])
        if fail is not None:
            fail(messages)
        batches.append([message.data.text for message in messages])

    return router, batches


async def publish(service: Service, texts: Sequence[str], *, tenant: str = "default", times: int = 1) -> None:
    for text in texts:
        message = Noted(text=text)
        envelope = seal(message, source="population", tenant=tenant)
        for number in range(times):
            await service.js.publish(
                subjects.concrete(message.contract, tenant, message.key),
                message.model_dump_json().encode(),
                headers=envelope.headers() | {"Nats-Msg-Id": f"{envelope.id} {number}"},
            )


async def test_messages_that_wait_are_handled_in_one_transaction_in_order(nats_url: str, database_url: str) -> None:
    texts = [f"note {number:03}" for number in range(120)]
    async with running("results", database_url, settings(nats_url), collecting()[0]) as before:
        pass
    async with running("population", database_url, settings(nats_url)) as sender:
        await publish(sender, texts)
    router, batches = collecting()
    async with running("results", database_url, settings(nats_url), router) as receiver:
        await until(lambda: settled(receiver, "results-noted"))
        assert await receiver.notes() == texts
        assert len(batches) <= 3
    assert before.name == "results"


async def test_messages_that_are_large_together_are_handled_in_several_transactions(
    nats_url: str, sqlite_url: str
) -> None:
    texts = [f"{number:03}" * 10_000 for number in range(200)]
    async with running("results", sqlite_url, settings(nats_url), collecting()[0]):
        pass
    async with running("population", sqlite_url, settings(nats_url)) as sender:
        await publish(sender, texts)
    router, batches = collecting()
    async with running("results", sqlite_url, settings(nats_url), router) as receiver:
        await until(lambda: settled(receiver, "results-noted"))
        assert await receiver.notes() == texts
        assert max(sum(map(len, batch)) for batch in batches) <= TOGETHER_BYTES


async def test_repeated_messages_reach_the_sink_once(nats_url: str, database_url: str) -> None:
    router, batches = collecting()
    async with running("results", database_url, settings(nats_url), router) as receiver:
        await publish(receiver, ["a", "b", "c"], times=3)
        await until(lambda: settled(receiver, "results-noted"))
        assert sorted(text for batch in batches for text in batch) == ["a", "b", "c"]
        assert sorted(await receiver.notes()) == ["a", "b", "c"]


async def test_one_poisonous_message_goes_to_the_dead_letters_and_delays_no_other(
    nats_url: str, sqlite_url: str
) -> None:
    def fail(messages: list[Message[Noted]]) -> None:
        if any(message.data.text == "poison" for message in messages):
            raise ValueError("cannot be digested")

    router, _ = collecting(fail)
    slow = settings(nats_url, retry_delays=(0.3, 0.3, 0.3, 0.3))
    async with running("results", sqlite_url, slow, router) as receiver:
        texts = [f"note {number}" for number in range(40)]
        await publish(receiver, [*texts[:17], "poison", *texts[17:]])

        async def others_are_there() -> bool:
            return set(await receiver.notes()) == set(texts)

        await until(others_are_there)
        assert await dead_letters(receiver.js) == []
        await until(lambda: dead_letters(receiver.js))
        [letter] = await dead_letters(receiver.js)
        assert letter.error == "ValueError: cannot be digested"
        assert letter.deliveries == 5
        assert await settled(receiver, "results-noted")
        assert len(await receiver.notes()) == 40


async def test_an_undecodable_message_does_not_disturb_its_batch(nats_url: str, sqlite_url: str) -> None:
    router, _ = collecting()
    async with running("results", sqlite_url, settings(nats_url), router) as receiver:
        await receiver.js.publish(subjects.concrete(Noted.contract, "default", "s1"), b"\xff\xfe")
        await publish(receiver, ["a", "b"])
        await until(lambda: settled(receiver, "results-noted"))
        assert sorted(await receiver.notes()) == ["a", "b"]
        assert len(await dead_letters(receiver.js)) == 1


async def test_only_the_message_that_is_not_ready_waits(nats_url: str, sqlite_url: str) -> None:
    ready = False

    def fail(messages: list[Message[Noted]]) -> None:
        if not ready and any(message.data.text == "early" for message in messages):
            raise NotReadyError("its study is not known yet")

    router, _ = collecting(fail)
    async with running("results", sqlite_url, settings(nats_url), router) as receiver:
        await publish(receiver, ["a", "early", "b"])

        async def others_are_there() -> bool:
            return sorted(await receiver.notes()) == ["a", "b"]

        await until(others_are_there)
        ready = True
        await until(lambda: settled(receiver, "results-noted"))
        assert sorted(await receiver.notes()) == ["a", "b", "early"]


async def test_tenants_are_never_mixed_in_one_transaction(nats_url: str, sqlite_url: str) -> None:
    router, seen = Router("results"), list[tuple[str, set[str]]]()

    @router.sink(Noted)
    async def on_noted(tx: Transaction, messages: list[Message[Noted]], service: Any) -> None:
        seen.append((tx.tenant, {message.envelope.tenant for message in messages}))

    async with running("population", sqlite_url, settings(nats_url)) as sender:
        for number in range(5):
            await publish(sender, [f"a{number}"], tenant="acme")
            await publish(sender, [f"b{number}"], tenant="bolt")
        async with running("results", sqlite_url, settings(nats_url), router) as receiver:
            await until(lambda: settled(receiver, "results-noted"))
    assert {tenant for tenant, _ in seen} == {"acme", "bolt"}
    assert all(tenants == {tenant} for tenant, tenants in seen)
