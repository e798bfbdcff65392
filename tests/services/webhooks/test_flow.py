"""What happens is told to webhooks, over a real bus, to a real server: signed, once, again, and written down."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from libs.contracts.population import PopulationFailed
from libs.contracts.registry import TO_OUTSIDE
from libs.contracts.webhooks import EVENTS
from services.webhooks.app import create_app
from services.webhooks.domain.signing import signature
from services.webhooks.settings import Settings
from tests.services.webhooks.receiver import Answer, Heard, Receiver, receiving
from tests.support.apps import eventually, running
from tests.support.peer import Peer, peer

FAILED = PopulationFailed(population_id="pop_1", reason="nobody fits")
PATIENCE_S = 3  # more than a busy machine needs for a connection
OPTIONS: dict[str, Any] = {"secrets_key": "k" * 40, "allowed_networks": ["127.0.0.0/8"], "allow_http": True}


@dataclass
class Stage:
    """The service, the rest of the platform, and somebody who listens."""

    client: httpx.AsyncClient
    peer: Peer
    receiver: Receiver

    async def register(self, *events: str, url: str = "") -> tuple[str, str]:
        """Id and secret of a new webhook."""
        spec = {"name": "shop", "url": url or self.receiver.url, "events": events or ["population-failed"]}
        made = (await self.client.post("/webhooks", json=spec)).raise_for_status().json()
        return made["id"], made["secret"]

    async def log(self, webhook: str, **query: str) -> list[dict[str, Any]]:
        """What it was told, newest first."""
        answer = await self.client.get(f"/webhooks/{webhook}/notifications", params=query)
        items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return items

    async def reaches(self, webhook: str, state: str) -> dict[str, Any]:
        """The only notification of a webhook in full, once it is in this state."""

        async def is_there() -> bool:
            return [one["state"] for one in await self.log(webhook)] == [state]

        await eventually(is_there)
        (one,) = await self.log(webhook)
        answer = await self.client.get(f"/webhooks/{webhook}/notifications/{one['id']}")
        found: dict[str, Any] = answer.raise_for_status().json()
        return found


@pytest.fixture
async def stage(nats_url: str, database_url: str) -> AsyncIterator[Stage]:
    app = create_app(
        Settings(
            database_url=database_url, nats_url=nats_url, tries=3, first_retry_s=0.02, timeout_s=PATIENCE_S, **OPTIONS
        )
    )
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(running("webhooks", app))
        rest = await stack.enter_async_context(peer(nats_url))
        yield Stage(client, rest, await stack.enter_async_context(receiving()))


def is_signed(heard: Heard, secret: str) -> bool:
    signed = signature(secret, heard.headers["webhook-id"], int(heard.headers["webhook-timestamp"]), heard.body)
    return signed in heard.headers["webhook-signature"].split()


def test_webhooks_may_hear_what_systems_outside_may_hear() -> None:
    assert {message.contract.name for message in TO_OUTSIDE if "webhooks" in message.contract.consumers} == set(EVENTS)


async def test_an_event_is_told_once_signed_and_as_it_was(stage: Stage) -> None:
    webhook, secret = await stage.register()
    deaf, _ = await stage.register("simulation-created")
    (envelope,) = await stage.peer.send("population", FAILED)
    await stage.peer.send_again(FAILED, envelope)
    await stage.peer.send("population", FAILED.model_copy(update={"population_id": "pop_2"}))
    heard = await stage.receiver.hears(2)
    first, second = sorted(heard, key=lambda one: one.headers["webhook-id"] != envelope.id)  # in any order
    event = json.loads(first.body)
    assert (event["id"], event["type"], event["data"]) == (envelope.id, envelope.type, FAILED.model_dump())
    assert first.headers["content-type"] == "application/cloudevents+json"
    assert first.headers["webhook-id"] == envelope.id
    assert abs(int(first.headers["webhook-timestamp"]) - time.time()) < 60
    assert is_signed(first, secret)
    assert is_signed(second, secret)

    async def are_sent() -> bool:
        shown = (await stage.client.get(f"/webhooks/{webhook}")).json()
        return bool(shown["notifications"] == {"waiting": 0, "sent": 2, "dead": 0})

    await eventually(are_sent)
    assert len(stage.receiver.heard) == 2
    assert await stage.log(deaf) == []
    listed = (await stage.client.get("/webhooks")).text
    assert secret not in listed
    assert secret.removeprefix("whsec_") not in json.dumps(await stage.log(webhook))


async def test_what_is_not_taken_is_tried_again_until_it_is_dead_and_can_be_replayed(stage: Stage) -> None:
    webhook, secret = await stage.register()
    stage.receiver.answers = [Answer(500), Answer(302), Answer(after_s=30), Answer(503), Answer(200)]
    await stage.peer.send("population", FAILED)
    dead = await stage.reaches(webhook, "dead")
    said = ["answered 500", "answered 302, and no redirect is followed", f"no answer within {PATIENCE_S} s"]
    assert [each["error"] for each in dead["tried"]] == said
    assert (dead["attempts"], dead["due_at"], dead["error"]) == (3, None, said[-1])
    assert [one["id"] for one in await stage.log(webhook, state="dead")] == [dead["id"]]

    replayed = await stage.client.post(f"/webhooks/{webhook}/notifications/{dead['id']}/replay")
    assert (replayed.status_code, replayed.json()["state"]) == (202, "waiting")
    sent = await stage.reaches(webhook, "sent")
    assert [(each["number"], each["status"]) for each in sent["tried"]] == [
        (1, 500),
        (2, 302),
        (3, None),
        (4, 503),
        (5, 200),
    ]
    assert {(heard.headers["webhook-id"], heard.body) for heard in stage.receiver.heard} == {
        (dead["event_id"], dead["body"].encode())
    }
    assert all(is_signed(heard, secret) for heard in stage.receiver.heard)


async def test_a_rotated_secret_signs_beside_the_old_one_or_alone(stage: Stage) -> None:
    webhook, old = await stage.register()
    new = (await stage.client.post(f"/webhooks/{webhook}/rotate-secret")).raise_for_status().json()["secret"]
    await stage.peer.send("population", FAILED)
    (first,) = await stage.receiver.hears(1)
    assert (is_signed(first, old), is_signed(first, new), old == new) == (True, True, False)
    at_once = await stage.client.post(f"/webhooks/{webhook}/rotate-secret", json={"overlap_hours": 0})
    await stage.peer.send("population", FAILED)
    _, second = await stage.receiver.hears(2)
    known = [is_signed(second, secret) for secret in (old, new, at_once.json()["secret"])]
    assert known == [False, False, True]


async def test_a_receiver_that_is_gone_is_told_nothing_more_until_somebody_says_so(stage: Stage) -> None:
    webhook, _ = await stage.register()
    stage.receiver.answers = [Answer(410)]
    await stage.peer.send("population", FAILED)
    gone = await stage.reaches(webhook, "dead")
    shown = (await stage.client.get(f"/webhooks/{webhook}")).json()
    assert (shown["is_active"], "410" in shown["stopped_because"], gone["attempts"]) == (False, True, 1)
    refused = await stage.client.post(f"/webhooks/{webhook}/notifications/{gone['id']}/replay")
    assert refused.status_code == 409
    await stage.client.patch(f"/webhooks/{webhook}", json={"is_active": True})
    await stage.client.post(f"/webhooks/{webhook}/notifications/{gone['id']}/replay")
    assert (await stage.reaches(webhook, "sent"))["attempts"] == 2


async def test_a_slow_receiver_holds_up_nobody_and_one_that_is_deleted_leaves_nothing(stage: Stage) -> None:
    async with receiving() as slow:
        slow.answers = [Answer(after_s=30)] * 40
        held, _ = await stage.register(url=slow.url)
        await stage.register()
        events = [FAILED.model_copy(update={"population_id": f"pop_{number}"}) for number in range(40)]
        begun = time.monotonic()
        await stage.peer.send("population", *events)
        await stage.receiver.hears(40)
        assert time.monotonic() - begun < 10
        assert len(slow.heard) <= 20
        assert (await stage.client.delete(f"/webhooks/{held}")).status_code == 204
        assert (await stage.client.get(f"/webhooks/{held}/notifications")).status_code == 404


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("url", "http://10.0.0.1/", "public internet"),
        ("url", "https://169.254.169.254/latest", "public internet"),
        ("url", "ftp://shop.example/", "https://"),
        ("events", ["responses-recorded"], "population-ready"),
        ("events", [], "events"),
        ("colour", "red", "colour"),
    ],
)
async def test_what_cannot_be_a_webhook_is_refused_by_the_name_of_its_field(
    stage: Stage, store: str, field: str, value: object, says: str
) -> None:
    spec = {"name": "x", "url": stage.receiver.url, "events": ["population-failed"], field: value}
    refused = await stage.client.post("/webhooks", json=spec)
    assert refused.status_code == 422
    assert field in refused.json()["errors"][0]["field"]
    assert says in refused.text
    assert (await stage.client.get("/webhooks")).json()["items"] == []


async def test_without_the_operators_key_nothing_is_made(nats_url: str, sqlite_url: str) -> None:
    app = create_app(Settings(database_url=sqlite_url, nats_url=nats_url))
    async with running("webhooks", app) as client:
        spec = {"name": "x", "url": "https://8.8.8.8/", "events": ["population-failed"]}
        refused = await client.post("/webhooks", json=spec)
    assert (refused.status_code, "REHEARSAL_WEBHOOKS_SECRETS_KEY" in refused.text) == (501, True)
