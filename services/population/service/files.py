"""People into files and out of them: read in one request, written page by page."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice

from libs.contracts.base import JsonObject
from libs.contracts.errors import InvalidError
from libs.contracts.specs import MAX_IMPORTED
from libs.db import Database, Transaction
from libs.minds.json_documents import DocumentError
from services.population.domain import csv_files, json_lines
from services.population.domain.imports import Person
from services.population.domain.records import Cell, Column, Layout, document_of, record_of
from services.population.domain.selection import EVERYBODY, Key
from services.population.service import parquet_files
from services.population.store import Store

PAGE = 500
GROUP = 5_000
"""People in a row group of a Parquet file."""
READERS: dict[str, Callable[[bytes], Iterator[JsonObject]]] = {
    "csv": lambda body: _documents(csv_files.read(body)),
    "jsonl": json_lines.read,
    "parquet": lambda body: _documents(parquet_files.read(body, MAX_IMPORTED)),
}


def read_file(body: bytes, kind: str) -> list[JsonObject]:
    """The `.agent.json` documents of a file of people. Raises `InvalidError` naming the place."""
    if kind not in READERS:
        raise InvalidError("format", f"{kind!r} is not a format that people are read from", sorted(READERS))
    documents = list(islice(READERS[kind](body), MAX_IMPORTED + 1))
    if not 1 <= len(documents) <= MAX_IMPORTED:
        found = "no people" if not documents else f"more than {MAX_IMPORTED} people"
        raise InvalidError("body", f"has {found}; from 1 to {MAX_IMPORTED} can be imported at once")
    return documents


def _documents(records: Iterator[dict[str, Cell]]) -> Iterator[JsonObject]:
    for number, record in enumerate(records):
        try:
            yield document_of(record, f"agents.{number}")
        except DocumentError as error:
            raise InvalidError(error.path, error.reason) from None


class Files:
    """Writes everybody; each page is read in a transaction of its own, so a long download holds up nobody."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def columns(self, tx: Transaction, population_id: str) -> list[Column]:
        """The columns that a table of a population's people needs."""
        layout, after = Layout(), 0
        while True:
            people, after = await self._store.people.attributes(tx, population_id, PAGE, after)
            if not people:
                return layout.columns()
            for one in people:
                layout.include(one.profile, one.traits)
            await asyncio.sleep(0)

    async def pages(self, database: Database, tenant: str, population_id: str) -> AsyncIterator[list[Person]]:
        """Everybody, by index."""
        after: Key | None = None
        while True:
            async with database.read(tenant=tenant) as tx:
                people = await self._store.people.page(tx, population_id, EVERYBODY, PAGE, after)
            if people:
                yield people
            if len(people) < PAGE:
                return
            after = (people[-1].agent.index,)

    async def csv(self, pages: AsyncIterator[list[Person]], columns: list[Column]) -> AsyncIterator[bytes]:
        """A CSV file, in pieces."""
        yield csv_files.header(columns)
        async for people in pages:
            yield csv_files.lines(record_of(person.agent, columns) for person in people)

    async def parquet(self, pages: AsyncIterator[list[Person]], columns: list[Column]) -> AsyncIterator[bytes]:
        """A Parquet file, in pieces."""
        writer = parquet_files.Writer(columns)
        waiting: list[list[Cell]] = []
        async for people in pages:
            waiting += [record_of(person.agent, columns) for person in people]
            if len(waiting) >= GROUP:
                yield await asyncio.to_thread(writer.write, waiting)
                waiting = []
        if waiting:
            yield await asyncio.to_thread(writer.write, waiting)
        yield await asyncio.to_thread(writer.close)
