"""Rows whose column has one of many values."""

import pytest
from sqlalchemy import Column, MetaData, String, Table, insert, select

from libs.db import Database, among, texts

names = Table("names", MetaData(), Column("name", String(64), primary_key=True))
ALL = ("anna", "it's", '"quoted"', "ünal", "null", "1", "")


@pytest.mark.parametrize("wanted", [[], ["anna"], ["nobody"], ["it's", '"quoted"', "ünal"], ["1", "null", ""], [*ALL]])
async def test_rows_of_these_values_are_found_and_no_others(database_url: str, wanted: list[str]) -> None:
    database = Database(database_url)
    async with database.write() as tx:
        await tx.connection.run_sync(names.create)
        await tx.execute(insert(names), [{"name": name} for name in ALL])
    once = select(names.c.name).where(among(names.c.name, texts("these")))
    async with database.read() as tx:
        found = (await tx.execute(select(names.c.name).where(among(names.c.name, wanted)))).scalars().all()
        named = (await tx.execute(once, {"these": wanted})).scalars().all()
        others = (await tx.execute(select(names.c.name).where(~among(names.c.name, wanted)))).scalars().all()
    await database.close()
    assert sorted(found) == sorted(named) == sorted(set(wanted) & set(ALL))
    assert sorted(others) == sorted(set(ALL) - set(wanted))


async def test_as_many_values_as_wanted_are_one_parameter(database_url: str) -> None:
    database = Database(database_url)
    async with database.write() as tx:
        await tx.connection.run_sync(names.create)
        await tx.execute(insert(names), [{"name": f"n{number}"} for number in range(0, 60_000, 1_000)])
        found = await tx.execute(select(names.c.name).where(among(names.c.name, [f"n{n}" for n in range(50_000)])))
        assert len(found.all()) == 50
    await database.close()
