"""The scenario `erasure`: a tenant is erased from a platform on PostgreSQL while its services are killed.

What is left is looked for by the administrator of the databases, to whom row security shows every row, in every table
of every service, and in every stream.
"""

import asyncio
import json
import random
import time
from typing import Any

import asyncpg
import httpx
import nats

from chaos.disturbances import kill
from chaos.scenario import Outcome, Scenario
from chaos.stage import Stage, plain
from libs.bus.streams import COMMANDS, DEAD_LETTERS, EVENTS
from services.embedded.platform import SERVICES
from services.gateway.domain.keys import new_secret

CANARY = "Zyxwvut"
KEPT = {"erased_tenants"}
"""That a tenant was erased stays; the operator's audit log says so too."""
WITHIN_S = 180.0
PEOPLE = 40


async def erasing(seeds: int) -> Outcome:
    """Erase a tenant for each seed; another one keeps everything."""
    secrets = {"default": new_secret(), "globex": new_secret()} | {f"acme{seed}": new_secret() for seed in range(seeds)}
    settings = {"REHEARSAL_AUTH": "keys", "REHEARSAL_GATEWAY_BOOTSTRAP_KEYS": json.dumps(secrets)}
    failures, before, took = list[str](), 0, 0.0
    with plain(**settings) as on:
        people = {tenant: _client(on, secret) for tenant, secret in secrets.items()}
        kept = _made_by(people["globex"], "Kept")
        for seed in range(seeds):
            tenant, chance = f"acme{seed}", random.Random(f"erasure {seed}")
            _made_by(people[tenant], CANARY)
            found = await _left(on, tenant)
            before += sum(found.values())
            begun = time.monotonic()
            people[tenant].delete(f"/tenants/{tenant}").raise_for_status()
            victim = chance.choice(SERVICES)
            kill(victim, on, chance)
            while people["default"].get(f"/tenants/{tenant}/erasure").json().get("state") != "erased":
                assert time.monotonic() < begun + WITHIN_S, "it is not erased in time"
                await asyncio.sleep(0.2)
            took = max(took, time.monotonic() - begun)
            left = await _left(on, tenant)
            number = sum(found.values())
            print(f"    {number} rows and subjects of {tenant}, {left or 'none'} after; {victim} killed", flush=True)
            failures += [f"{place}: {number} left of {tenant}" for place, number in left.items()]
        if people["globex"].get(f"/simulations/{kept}/status").json().get("state") != "completed":
            failures.append("what another tenant has is not there any more")
        for client in people.values():
            client.close()
    return Outcome(
        f"{before} rows and subjects erased of {seeds} tenants, the slowest in {took:.1f} s", tuple(failures)
    )


def _client(on: Stage, secret: str) -> httpx.Client:
    return httpx.Client(base_url=on.url, timeout=60, headers={"authorization": f"Bearer {secret}"})


def _made_by(client: httpx.Client, name: str) -> str:
    """A simulation that has completed; its id."""

    def made(path: str, body: dict[str, Any]) -> dict[str, Any]:
        document: dict[str, Any] = client.post(path, json=body).raise_for_status().json()
        return document

    people = {"name": f"{name} people", "demographic_base": "usa_demographics", "size": PEOPLE, "seed": 1}
    population = made("/agent-populations/create", people)["id"]
    variants = [{"name": arm, "content": f"{name}: ten per cent {arm}"} for arm in ("off", "more")]
    design = {"name": f"{name} offer", "type": "marketing_intervention", "success_metrics": ["open_rate"]}
    intervention = made("/interventions/create", design | {"variants": variants})["id"]
    execution = made(f"/interventions/{intervention}/execute", {"population_id": population})
    simulation = str(execution["simulation_id"])
    deadline = time.monotonic() + WITHIN_S
    while client.get(f"/simulations/{simulation}/status").json().get("state") != "completed":
        assert time.monotonic() < deadline, "the study does not end"
        time.sleep(0.1)
    return simulation


async def _left(on: Stage, tenant: str) -> dict[str, int]:
    """How much there is of a tenant, by place."""
    found = {}
    for service in on.platform.processes:
        connection = await asyncpg.connect(on.database_of(service))
        for table in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            name = table["tablename"]
            whole = f'SELECT count(*) FROM "{name}" t WHERE t::text LIKE $1 OR t::text LIKE $2 OR t::text LIKE $3'
            texts = [f"%{part}%" for part in (CANARY, CANARY.encode().hex(), tenant)]
            if name not in KEPT | ({"audit"} if service == "gateway" else set()) and (
                number := await connection.fetchval(whole, *texts)
            ):
                found[f"{service}.{name}"] = int(number)
        if service == "gateway" and (
            number := await connection.fetchval("SELECT count(*) FROM audit WHERE tenant = $1", tenant)
        ):
            found["gateway.audit"] = int(number)
        await connection.close()
    return found | await _subjects(on.bus.server.url, tenant)


async def _subjects(url: str, tenant: str) -> dict[str, int]:
    connection = await nats.connect(url.split(","))
    js, found = connection.jetstream(timeout=10), {}
    for stream in (EVENTS, COMMANDS, DEAD_LETTERS):
        held = (await js.stream_info(stream, subjects_filter=f"rehearsal.*.{tenant}.>")).state.subjects
        if held:
            found[stream] = len(held)
    await connection.close()
    return found


SCENARIO = Scenario(
    "erasure",
    "of a tenant that is erased, while a service is killed, no row of any table and no subject of any stream is left "
    "but the fact, and another tenant keeps everything",
    3,
    erasing,
)
