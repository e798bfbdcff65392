"""What the commands of `rehearsal tenants` do, over the public API."""

import json
from pathlib import Path

from libs.contracts.base import JsonObject
from services.cli.exits import Exit, say
from services.cli.output import print_json, print_one, print_table
from services.cli.own import Source

USED = {"usd_per_month": "usd", "calls_per_month": "calls"}


async def quota(tenant: str, changes: JsonObject, source: Source, *, as_json: bool) -> Exit:
    """Print what a tenant may use, after changing it if asked to."""
    async with source.connect() as client:
        told = await client.quota(tenant)
        if changes:
            told = await client.set_quota(tenant, {**told["quota"], **changes})
    if as_json:
        print_json(told)
        return Exit.COMPLETED
    rows = [
        (name.replace("_", " "), f"{told['used'][USED.get(name, name)]:,}", "none" if most is None else f"{most:,}")
        for name, most in told["quota"].items()
    ]
    print_table((told["used"]["month"], "used", "limit"), rows)
    return Exit.COMPLETED


async def export(tenant: str, path: Path, source: Source) -> Exit:
    """Write what is kept of a tenant, and say whether that is all."""
    last = b""
    async with source.connect() as client:
        with path.open("wb") as file:
            async for piece in client.export_tenant(tenant):
                file.write(piece)
                last = (last + piece)[-1_000:]
    lines = last.splitlines()
    if not lines or not _is_complete(lines[-1]):
        say(f"{path} is not whole; ask again.")
        return Exit.FAILED
    say(f"{path} has everything of {tenant}.")
    return Exit.COMPLETED


async def erase(tenant: str, source: Source, *, as_json: bool) -> Exit:
    """Have a tenant erased."""
    async with source.connect() as client:
        told = await client.erase_tenant(tenant)
    return _told(told, as_json=as_json)


async def erasure(tenant: str, source: Source, *, as_json: bool) -> Exit:
    """Print how far the erasure of a tenant is."""
    async with source.connect() as client:
        told = await client.erasure(tenant)
    return _told(told, as_json=as_json)


def _told(told: JsonObject, *, as_json: bool) -> Exit:
    print_one(told, told["state"], as_json=as_json)
    return Exit.COMPLETED


def _is_complete(line: bytes) -> bool:
    try:
        return json.loads(line).get("complete") is True
    except (ValueError, AttributeError):
        return False
