"""Keys: made once, shown once, good for a role and a time, and worthless as soon as they are revoked."""

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from libs.contracts.identity import Role
from libs.db import EVERY_TENANT, Database
from libs.http.identity import Signer, new_key_pair
from services.gateway.domain.keys import new_secret
from services.gateway.tables import keys
from tests.services.gateway.access import ACME, GLOBEX, Doors, doors
from tests.support.migrated import ON_SQLITE
from tests.support.platforms import free_port

ASKED = "local://gateway"  # what the test's own client logs


@pytest.fixture
async def gate(database_url: str, nats_url: str, tmp_path: Path) -> AsyncIterator[Doors]:
    async with doors(database_url, nats_url, tmp_path) as opened:
        yield opened


@ON_SQLITE
async def test_a_key_opens_what_its_role_may_and_no_more(gate: Doors) -> None:
    viewer = await gate.key(Role.VIEWER)
    assert (await gate.ask("GET", "/simulations/list", viewer)).status_code == 200
    refused = await gate.ask("POST", "/simulations/create", viewer, json={})
    assert refused.status_code == 403
    assert refused.json()["detail"] == "This needs the role researcher; yours is viewer."
    allowed = await gate.ask("POST", "/simulations/create", await gate.key(Role.RESEARCHER), json={})
    assert allowed.status_code == 422


async def test_a_key_with_scopes_opens_only_these_parts_of_the_api(gate: Doors) -> None:
    scoped = await gate.key(Role.RESEARCHER, scopes=["simulations:read", "shares"])
    assert (await gate.ask("GET", "/simulations/list", scoped)).status_code == 200
    assert (await gate.ask("GET", "/shares", scoped)).status_code == 200
    for method, path, needed in (
        ("POST", "/simulations/create", "simulations"),
        ("GET", "/studies", "studies:read"),
        ("POST", "/events", "events"),
    ):
        refused = await gate.ask(method, path, scoped, json={})
        assert refused.status_code == 403
        assert refused.json()["detail"] == f"This needs the scope {needed}; yours: simulations:read, shares."
    seen = (await gate.ask("GET", "/whoami", scoped)).json()
    assert seen["scopes"] == ["simulations:read", "shares"]


@ON_SQLITE
async def test_a_key_gives_no_more_scopes_than_it_has(gate: Doors) -> None:
    scoped = await gate.key(Role.ADMIN, scopes=["keys", "results", "shares"])
    spec = {"name": "x", "role": "viewer"}
    for wanted in (None, ["simulations:read"], ["results", "simulations"], ["everything"]):
        answer = await gate.ask("POST", "/keys", scoped, json=spec | {"scopes": wanted})
        assert answer.status_code == 422
        [error] = answer.json()["errors"]
        assert error["field"] == "scopes"
        assert error["allowed"] == ["keys", "keys:read", "results", "results:read", "shares", "shares:read"]
    made = await gate.ask("POST", "/keys", scoped, json=spec | {"scopes": ["results:read", "results:read"]})
    assert made.json()["scopes"] == ["results:read"]
    nothing = await gate.ask("POST", "/keys", gate.first[ACME], json=spec | {"scopes": []})
    assert nothing.status_code == 422


@ON_SQLITE
async def test_who_am_i_tells_tenant_subject_and_role(gate: Doors) -> None:
    answer = (await gate.ask("GET", "/whoami", await gate.key(Role.OPERATOR, GLOBEX))).json()
    assert (answer["tenant"], answer["role"]) == (GLOBEX, "operator")
    assert answer["subject"].startswith("key:key_")


@ON_SQLITE
@pytest.mark.parametrize("path", ["/simulations/list", "/nothing/here", "/keys", "/metrics"])
async def test_without_a_key_that_is_known_nothing_opens(gate: Doors, path: str) -> None:
    for authorization in (
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic cm9vdDpyb290",
        "Bearer rk_short",
        f"Bearer {new_secret()}",
        "Bearer null",
        "rk_without_scheme",
    ):
        headers = {} if authorization is None else {"authorization": authorization}
        answer = await gate.client.get(path, headers=headers)
        assert answer.status_code == 401, authorization
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"


@ON_SQLITE
async def test_prometheus_has_a_port_of_its_own_without_a_key(database_url: str, nats_url: str, tmp_path: Path) -> None:
    port = free_port()
    async with doors(database_url, nats_url, tmp_path, metrics_port=port) as gate, httpx.AsyncClient() as prometheus:
        assert (await gate.client.get("/metrics")).status_code == 401
        answer = await prometheus.get(f"http://127.0.0.1:{port}/metrics")
        assert answer.status_code == 200
        assert 'service="gateway"' in answer.text
        assert (await prometheus.get(f"http://127.0.0.1:{port}/simulations/list")).text.startswith("# HELP")


@ON_SQLITE
async def test_health_description_and_pages_need_no_key(gate: Doors) -> None:
    for path in ("/healthz", "/openapi.json", "/ui/"):
        assert (await gate.client.get(path)).status_code in {200, 503}  # 503: pages that are not built


async def test_a_key_is_shown_once_and_kept_as_its_hash(gate: Doors, database_url: str) -> None:
    secret = await gate.key(Role.VIEWER)
    listed = await gate.ask("GET", "/keys", gate.first[ACME])
    assert {item["name"] for item in listed.json()["items"]} == {"a viewer", "bootstrap"}
    assert secret not in listed.text
    database = Database(database_url)
    async with database.read(tenant=EVERY_TENANT) as tx:
        rows = (await tx.execute(keys.select())).all()
    await database.close()
    assert len(rows) == len(gate.first) + 1
    assert secret not in repr(rows)
    assert gate.first[ACME] not in repr(rows)


async def test_a_revoked_key_is_refused_by_the_next_request(gate: Doors) -> None:
    secret = await gate.key(Role.VIEWER)
    key_id = (await gate.ask("GET", "/whoami", secret)).json()["subject"].removeprefix("key:")
    assert (await gate.ask("DELETE", f"/keys/{key_id}", gate.first[GLOBEX])).status_code == 404
    assert (await gate.ask("GET", "/whoami", secret)).status_code == 200
    assert (await gate.ask("DELETE", f"/keys/{key_id}", gate.first[ACME])).status_code == 204
    assert (await gate.ask("GET", "/whoami", secret)).status_code == 401
    listed = (await gate.ask("GET", "/keys", gate.first[ACME])).json()["items"]
    assert {item["id"]: item["state"] for item in listed}[key_id] == "revoked"


async def test_an_expired_key_is_refused(gate: Doors, database_url: str) -> None:
    secret = await gate.key(Role.VIEWER, expires_in_days=1)
    database = Database(database_url)
    async with database.write(tenant=ACME) as tx:
        past = datetime.now(UTC) - timedelta(seconds=1)
        await tx.execute(keys.update().where(keys.c.name == "a viewer").values(expires_at=past))
    await database.close()
    assert (await gate.ask("GET", "/whoami", secret)).status_code == 401


@ON_SQLITE
async def test_nobody_locks_themselves_out(gate: Doors) -> None:
    own = (await gate.ask("GET", "/whoami", gate.first[ACME])).json()["subject"].removeprefix("key:")
    assert (await gate.ask("DELETE", f"/keys/{own}", gate.first[ACME])).status_code == 409


async def test_a_revoked_first_key_does_not_come_back_with_the_settings(gate: Doors) -> None:
    own = (await gate.ask("GET", "/whoami", gate.first[ACME])).json()["subject"].removeprefix("key:")
    other = await gate.key(Role.ADMIN)
    assert (await gate.ask("DELETE", f"/keys/{own}", other)).status_code == 204
    await gate.app.state.gatekeeper.start()
    assert (await gate.ask("GET", "/whoami", gate.first[ACME])).status_code == 401


@ON_SQLITE
async def test_a_key_that_cannot_be_is_refused_by_field(gate: Doors) -> None:
    impossible = [("role", "root"), ("expires_in_days", 0), ("expires_in_days", 4000), ("name", ""), ("tenant", GLOBEX)]
    for field, value in impossible:
        spec = {"name": "x", "role": "viewer"} | {field: value}
        answer = await gate.ask("POST", "/keys", gate.first[ACME], json=spec)
        assert answer.status_code == 422, (field, value)
        assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_lists_have_pages(gate: Doors) -> None:
    for _ in range(3):
        await gate.key(Role.VIEWER)
    seen, cursor = [], ""
    while True:
        page = (await gate.ask("GET", f"/keys?limit=2{cursor}", gate.first[ACME])).json()
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) == 4


@ON_SQLITE
async def test_an_address_that_guesses_has_to_wait_and_others_have_not(gate: Doors) -> None:
    answers = [(await gate.ask("GET", "/whoami", new_secret())).status_code for _ in range(35)]
    assert set(answers[:30]) == {401}
    assert answers[-1] == 429


@ON_SQLITE
async def test_no_secret_is_logged(gate: Doors, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = await gate.key(Role.VIEWER)
    await gate.ask("GET", "/simulations/list", secret)
    await gate.ask("GET", f"/shared/{secret}/simulations/list", None)
    await gate.ask("POST", "/simulations/create", gate.first[ACME], json={"name": "x"})
    logged = "\n".join(
        f"{record.getMessage()} {record.__dict__}" for record in caplog.records if ASKED not in record.getMessage()
    )
    assert "local://orchestrator" in logged
    for text in (secret, gate.first[ACME], gate.signing_key, "eyJ"):
        assert text not in logged


@ON_SQLITE
async def test_a_signing_key_that_owners_do_not_know_is_the_platforms_fault_and_logged(
    gate: Doors, caplog: pytest.LogCaptureFixture
) -> None:
    gate.app.state.service._signer = Signer(new_key_pair()[0])
    answer = await gate.ask("GET", "/simulations/list", gate.first[ACME])
    assert (answer.status_code, answer.json()["title"]) == (503, "A part of the platform is not available")
    assert "REHEARSAL_IDENTITY_KEYS is not the public key of REHEARSAL_GATEWAY_SIGNING_KEY" in caplog.text
