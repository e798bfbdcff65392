"""What a handler can rely on: each message takes effect once, with its messages, or not at all."""

from typing import Any

from libs.bus import Router
from libs.contracts.envelope import Message
from libs.db import Transaction
from tests.libs.bus.parts import NOTES, Note, Noted, running, settings, until


def noting() -> Router:
    router = Router("results")

    @router.on(Noted)
    async def on_noted(tx: Transaction, message: Message[Noted], service: Any) -> None:
        await tx.execute(NOTES.insert(), {"text": message.data.text})

    return router


async def test_an_event_reaches_its_consumer(nats_url: str, database_url: str, tmp_path: Any) -> None:
    async with (
        running("population", f"sqlite:///{tmp_path}/sender.db", settings(nats_url)) as sender,
        running("results", database_url, settings(nats_url), noting()) as receiver,
    ):
        await sender.send(Noted(text="hello"))

        async def arrived() -> bool:
            return await receiver.notes() == ["hello"]

        await until(arrived)
        await until(lambda: sender.bus.is_ready())
