"""Back up the databases of services, restore them, and prove that a backup is worth something.

    python -m tools.backup save    FOLDER NAME=URL...   pg_dump of each service's database
    python -m tools.backup restore FOLDER NAME=URL...   pg_restore into empty databases
    python -m tools.backup drill   FOLDER SERVER_URL    restore all into new databases of a scratch server, look whether
                                                        they are whole, and send their outboxes to an empty nats-server

Rows are read as of every tenant, which a service's own role may. A drill leaves nothing behind. It needs psql, pg_dump
and pg_restore at least as new as the server, on PATH or in PG_BIN, and nats-server.
"""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import func, make_url, select, table

from libs.bus import Bus, BusSettings, Router, republish
from libs.bus.permissions import GATEWAY
from libs.bus.permissions import services as users_of_nats
from libs.bus.relay import unpublished
from libs.db import EVERY_TENANT, Database
from libs.runtime.nats_server import NatsServer
from services.embedded.platform import SERVICES

NAMES = (*SERVICES, GATEWAY)
SENDING = set(users_of_nats()) - {GATEWAY}
"""Those with an outbox: models takes no part in NATS, and the gateway answers only once NATS has what it sends."""
ROOT = Path(__file__).parents[1]
SENT_WITHIN_S = 600.0


class BackupError(Exception):
    """Something is not as it has to be; the message says what."""


class Found(NamedTuple):
    """What a restored database holds."""

    service: str
    rows: int
    sent: int


def save(folder: Path, databases: dict[str, str]) -> None:
    """Dump each database into FOLDER/<service>.dump."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, url in databases.items():
        unfinished = folder / f"{name}.unfinished"
        options = ("--format=custom", "--no-owner", "--enable-row-security")
        _run("pg_dump", *options, "--file", str(unfinished), _plain(url))
        unfinished.replace(folder / f"{name}.dump")


def restore(folder: Path, databases: dict[str, str]) -> None:
    """Fill each database, which has to be empty, from its dump; all of it or nothing."""
    for name, url in databases.items():
        options = ("--no-owner", "--exit-on-error", "--single-transaction")
        _run("pg_restore", *options, "--dbname", _plain(url), str(folder / f"{name}.dump"))


async def drill(folder: Path, server_url: str) -> list[Found]:
    """Restore every dump of a folder on a scratch server and use it. Raises `BackupError` for one that is not whole."""
    names = [name for name in NAMES if (folder / f"{name}.dump").exists()]
    if not names:
        raise BackupError(f"{folder} has no dump of a service: {', '.join(NAMES)}")
    found = []
    with TemporaryDirectory() as scratch:
        nats = NatsServer(Path(scratch) / "nats")
        nats.start()
        try:
            for name in names:
                async with _scratch_database(server_url) as url:
                    restore(folder, {name: url})
                    found.append(await _used(name, url, nats.url))
        finally:
            nats.stop()
    return found


async def _used(service: str, url: str, nats_url: str) -> Found:
    """What a restored database holds, once this version has taken it over and sent all that it keeps."""
    database = Database(url)
    try:
        await database.migrate(ROOT / "services" / service / "migrations")
        sent = await _sent_again(service, database, nats_url) if service in SENDING else 0
        return Found(service, await _rows(database), sent)
    finally:
        await database.close()


async def _sent_again(service: str, database: Database, nats_url: str) -> int:
    await republish(database)
    async with database.read(tenant=EVERY_TENANT) as tx:
        kept = await unpublished(tx)  # with those that had not been sent when it was saved
    settings = BusSettings(nats_url=nats_url)
    bus = Bus(settings, service=service, database=database, router=Router(service), subject_service=None)
    await bus.start()
    try:
        await _sent(service, database)
    finally:
        await bus.stop()
    return kept


async def _sent(service: str, database: Database) -> None:
    deadline = asyncio.get_running_loop().time() + SENT_WITHIN_S
    while True:
        async with database.read(tenant=EVERY_TENANT) as tx:
            left = await unpublished(tx)
        if not left:
            return
        if asyncio.get_running_loop().time() > deadline:
            raise BackupError(f"{service}: {left} messages could not be sent again")
        await asyncio.sleep(0.1)


async def _rows(database: Database) -> int:
    async with database.read(tenant=EVERY_TENANT) as tx:
        tables = await tx.connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        statements = [select(func.count()).select_from(table(row.tablename)) for row in tables]
        return sum([int((await tx.execute(each)).scalar_one()) for each in statements])


@asynccontextmanager
async def _scratch_database(server_url: str) -> AsyncIterator[str]:
    name = f"drill_{uuid4().hex}"
    _run("psql", "--quiet", "--command", f"CREATE DATABASE {name}", _plain(server_url))
    try:
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        _run("psql", "--quiet", "--command", f"DROP DATABASE {name} WITH (FORCE)", _plain(server_url))


def _plain(url: str) -> str:
    """As the programs of PostgreSQL read it."""
    return re.sub(r"^postgresql\+\w+://", "postgresql://", url)


def _run(program: str, *arguments: str) -> None:
    """Raises `BackupError` with what the program said; it never shows a password."""
    path = shutil.which(program, path=os.environ.get("PG_BIN")) or shutil.which(program)
    if path is None:
        raise BackupError(f"{program} is not installed: put it on PATH, or its folder into PG_BIN")
    of_every_tenant = f"{os.environ.get('PGOPTIONS', '')} -c app.tenant={EVERY_TENANT}".strip()
    environment = os.environ | {"PGOPTIONS": of_every_tenant}
    done = subprocess.run([path, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = done.stderr.strip().splitlines()
        raise BackupError(f"{program} failed: {reason[-1] if reason else f'exit code {done.returncode}'}")


def _databases(arguments: Sequence[str]) -> dict[str, str]:
    pairs = [argument.partition("=") for argument in arguments]
    for name, _, url in pairs:
        if name not in NAMES or not url:
            raise BackupError(f"{name!r} is no NAME=URL of a service; names: {', '.join(NAMES)}")
    return {name: url for name, _, url in pairs}


def main(arguments: list[str]) -> int:
    """The exit code."""
    try:
        match arguments:
            case ["save", folder, first, *rest]:
                save(Path(folder), _databases([first, *rest]))
            case ["restore", folder, first, *rest]:
                restore(Path(folder), _databases([first, *rest]))
            case ["drill", folder, server_url]:
                for each in asyncio.run(drill(Path(folder), server_url)):
                    sys.stdout.write(f"{each.service}: {each.rows} rows, {each.sent} messages sent again\n")
            case _:
                sys.stderr.write(__doc__ or "")
                return 2
    except BackupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
