"""The same request under the same Idempotency-Key is done once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from libs.contracts.identity import Role
from services.gateway.tables import answers
from tests.services.gateway.access import ACME, GLOBEX, Doors, doors

SPEC = {"name": "a viewer", "role": "viewer"}
STUDY = yaml.safe_load(Path("examples/survey.yaml").read_text(encoding="utf-8"))


@pytest.fixture
async def gate(database_url: str, nats_url: str, tmp_path: Path) -> AsyncIterator[Doors]:
    async with doors(database_url, nats_url, tmp_path) as opened:
        yield opened


async def made(gate: Doors) -> int:
    return len((await gate.ask("GET", "/keys", gate.first[ACME])).json()["items"]) - 1


async def test_a_repeated_request_gets_the_first_answer(gate: Doors) -> None:
    headers = {"idempotency-key": "k1"}
    first = await gate.ask("POST", "/studies", gate.first[ACME], json=STUDY, headers=headers)
    again = await gate.ask("POST", "/studies", gate.first[ACME], json=STUDY, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert len((await gate.ask("GET", "/studies", gate.first[ACME])).json()["items"]) == 1


async def test_a_secret_that_is_shown_once_is_not_kept_to_be_answered_again(gate: Doors) -> None:
    headers = {"idempotency-key": "k1"}
    first = await gate.ask("POST", "/keys", gate.first[ACME], json=SPEC, headers=headers)
    again = await gate.ask("POST", "/keys", gate.first[ACME], json=SPEC, headers=headers)
    assert (first.status_code, again.status_code, again.json()["title"]) == (201, 409, "Shown once")
    assert await made(gate) == 1
    async with gate.app.state.database.read(tenant=ACME) as tx:
        kept = (await tx.execute(select(answers.c.body))).scalars().all()
    assert kept == [again.content]


async def test_without_a_key_it_is_done_again(gate: Doors) -> None:
    for _ in range(2):
        await gate.ask("POST", "/keys", gate.first[ACME], json=SPEC)
    assert await made(gate) == 2


async def test_another_body_under_the_same_key_is_refused(gate: Doors) -> None:
    headers = {"idempotency-key": "k1"}
    await gate.ask("POST", "/keys", gate.first[ACME], json=SPEC, headers=headers)
    other = await gate.ask("POST", "/keys", gate.first[ACME], json=SPEC | {"name": "other"}, headers=headers)
    assert other.status_code == 422
    assert other.json()["errors"][0]["field"] == "Idempotency-Key"
    assert await made(gate) == 1


async def test_a_key_belongs_to_who_used_it(gate: Doors) -> None:
    headers = {"idempotency-key": "k1"}
    for key in (gate.first[ACME], gate.first[GLOBEX], await gate.key(Role.ADMIN)):
        answer = await gate.ask("POST", "/keys", key, json=SPEC, headers=headers)
        assert "idempotency-replayed" not in answer.headers


async def test_of_many_at_once_one_is_carried_out(gate: Doors) -> None:
    headers = {"idempotency-key": "k1"}
    asking = (gate.ask("POST", "/keys", gate.first[ACME], json=SPEC, headers=headers) for _ in range(6))
    answers = await asyncio.gather(*asking)
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert await made(gate) == 1


async def test_what_failed_may_be_tried_again(gate: Doors) -> None:
    """Population is down: nothing happened, so nothing is kept."""
    headers = {"idempotency-key": "k1"}
    for _ in range(2):
        answer = await gate.ask("POST", "/agent-populations/create", gate.first[ACME], json={}, headers=headers)
        assert answer.status_code == 503
        assert "idempotency-replayed" not in answer.headers


async def test_a_refusal_of_the_request_itself_is_given_again(gate: Doors) -> None:
    headers = {"idempotency-key": "k1"}
    answers = [
        await gate.ask("POST", "/simulations/create", gate.first[ACME], json={}, headers=headers) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[1].headers["idempotency-replayed"] == "true"
    assert answers[1].headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_of_a_wrong_form_is_refused(gate: Doors, key: str) -> None:
    answer = await gate.ask("POST", "/keys", gate.first[ACME], json=SPEC, headers={"idempotency-key": key})
    assert answer.status_code == 422


async def test_a_key_is_limited_and_told_so(database_url: str, nats_url: str, tmp_path: Path) -> None:
    async with doors(database_url, nats_url, tmp_path, rate_per_minute=1, rate_burst=3) as gate:
        answers = [await gate.ask("GET", "/whoami", gate.first[ACME]) for _ in range(5)]
        assert [answer.status_code for answer in answers[:3]] == [200] * 3
        assert answers[0].headers["ratelimit-remaining"] == "2"
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert (await gate.ask("GET", "/whoami", gate.first[GLOBEX])).status_code == 200
