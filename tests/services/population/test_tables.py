"""People as CSV, JSON lines and Parquet: out, in again, the same; safe for spreadsheets; hostile files refused."""

import csv
import io
import json
from typing import Any

import httpx
import pyarrow
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from services.population.domain import csv_files
from services.population.domain.records import Column, Kind
from tests.support.people_files import JON, MIRA

pytestmark = pytest.mark.asyncio(loop_scope="module")
FORMATS = ("csv", "jsonl", "parquet")
DRAWN = {
    "name": "Adults",
    "demographic_base": "uk_demographics",
    "size": 30,
    "seed": 3,
    "segments": [{"name": "retired", "size": 4, "particularities": "retired", "fragments": ["skeptical"]}],
}
ODD = {
    "persona": {"name": '=HYPERLINK("x")', "age": 30, "income": 41_000.5, "region": "-5", "education": "'+quoted"},
    "rehearsal": {"segment": '@home, or "away"\nat times'},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def drawn(client: httpx.AsyncClient) -> dict[str, Any]:
    return dict((await client.post("/agent-populations/create", json=DRAWN)).json())


async def people(client: httpx.AsyncClient, population: dict[str, Any]) -> list[dict[str, Any]]:
    return list((await client.get(population["links"]["individuals"], params={"limit": 200})).json()["items"])


async def exported(client: httpx.AsyncClient, population: dict[str, Any], kind: str) -> bytes:
    answer = await client.get(population["links"]["export"], params={"format": kind})
    assert answer.status_code == 200, answer.text
    return answer.content


async def sent(client: httpx.AsyncClient, kind: str, body: bytes | str) -> httpx.Response:
    return await client.post(f"/agent-populations/import/{kind}", params={"name": "Again"}, content=body)


async def imported(client: httpx.AsyncClient, kind: str, body: bytes | str) -> dict[str, Any]:
    answer = await sent(client, kind, body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.mark.parametrize("kind", FORMATS)
async def test_people_come_back_from_a_file_as_they_were(
    client: httpx.AsyncClient, drawn: dict[str, Any], kind: str
) -> None:
    body = await exported(client, drawn, kind)
    again = await imported(client, kind, body)
    assert await people(client, again) == await people(client, drawn)
    assert [(each["name"], each["size"]) for each in again["segments"]] == [("retired", 4)]
    assert await exported(client, again, kind) == body or kind == "parquet"


@pytest.mark.parametrize("kind", FORMATS)
async def test_imported_people_with_odd_values_come_back_too(client: httpx.AsyncClient, kind: str) -> None:
    body = {"name": "Panel", "agents": [MIRA, ODD, JON]}
    panel = (await client.post("/agent-populations/import", json=body)).json()
    again = await imported(client, kind, await exported(client, panel, kind))
    found, expected = await people(client, again), await people(client, panel)
    assert found == expected
    assert expected[1]["demographic_profile"]["income"] == 41_000.5


async def test_a_csv_export_has_a_row_for_everybody_and_the_persona_as_json(
    client: httpx.AsyncClient, drawn: dict[str, Any]
) -> None:
    answer = await client.get(drawn["links"]["export"], params={"format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{drawn["id"]}.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    for row, person in zip(rows, await people(client, drawn), strict=True):
        assert (row["agent_id"], row["name"], row["age"]) == (person["agent_id"], person["name"], str(person["age"]))
        assert row["segment"] == (person["segment"] or "")
        assert row["demographic_profile.region"] == person["demographic_profile"]["region"]
        assert float(row["traits.trust"]) == person["traits"]["trust"]
        assert json.loads(row["persona"]) == person["persona"]


async def test_no_cell_of_a_csv_export_is_a_formula(client: httpx.AsyncClient) -> None:
    panel = (await client.post("/agent-populations/import", json={"name": "Panel", "agents": [ODD]})).json()
    [row] = csv.DictReader(io.StringIO((await exported(client, panel, "csv")).decode(), newline=""))
    assert row["name"] == '\'=HYPERLINK("x")'
    assert row["demographic_profile.region"] == "'-5"
    assert row["demographic_profile.education"] == "''+quoted"
    assert row["segment"].startswith("'@home")
    assert row["demographic_profile.income:number"] == "41000.5"


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)


@given(st.lists(st.tuples(TEXTS, st.none() | st.floats(allow_nan=False, allow_infinity=False)), min_size=1))
async def test_whatever_a_cell_says_is_read_as_it_was_written(cells: list[tuple[str, float | None]]) -> None:
    columns = [Column("name", Kind.TEXT), Column("age", Kind.INTEGER), Column("traits.trust", Kind.NUMBER)]
    written = csv_files.header(columns) + csv_files.lines([text, 30, number] for text, number in cells)
    for line in csv.reader(io.StringIO(written.decode(), newline="")):
        assert not line[0].startswith(csv_files.FORMULA_STARTS)
    assert [(record["name"], record["traits.trust"]) for record in csv_files.read(written)] == cells


async def test_a_parquet_export_has_typed_columns(client: httpx.AsyncClient, drawn: dict[str, Any]) -> None:
    table = parquet.read_table(io.BytesIO(await exported(client, drawn, "parquet")))
    assert table.num_rows == 30
    assert table.schema.field("age").type == pyarrow.int64()
    assert table.schema.field("traits.trust").type == pyarrow.float64()
    assert table.schema.field("demographic_profile.region").type == pyarrow.string()
    assert table.column("segment").null_count == 26


@pytest.mark.parametrize("kind", FORMATS)
async def test_a_large_export_misses_and_repeats_nobody(client: httpx.AsyncClient, kind: str) -> None:
    body = {"name": "Panel", "agents": [{"persona": {"name": f"Person {n}", "age": 30}} for n in range(1_201)]}
    panel = (await client.post("/agent-populations/import", json=body)).json()
    content = await exported(client, panel, kind)
    if kind == "parquet":
        names = parquet.read_table(io.BytesIO(content)).column("name").to_pylist()
    elif kind == "csv":
        names = [row["name"] for row in csv.DictReader(io.StringIO(content.decode()))]
    else:
        names = [json.loads(line)["name"] for line in content.splitlines()]
    assert names == [f"Person {n}" for n in range(1_201)]


async def test_a_table_of_ones_own_needs_only_names_and_ages(client: httpx.AsyncClient) -> None:
    body = "\ufeffname,age,segment,weight,demographic_profile.gender,traits.trust\r\n"
    body += "Áda,41,buyers,1.25,female,0.5\r\nBo,30,,,,\r\n"
    ada, bo = await people(client, await imported(client, "csv", body))
    assert (ada["name"], ada["age"], ada["segment"], ada["traits"]) == ("Áda", 41, "buyers", {"trust": 0.5})
    assert ada["demographic_profile"] == {"gender": "female"}
    assert ada["persona"] == {"name": "Áda", "age": 41, "gender": "female"}
    assert (ada["weight"], bo["weight"]) == (1.25, None)
    assert (bo["segment"], bo["traits"], bo["demographic_profile"]["age_band"]) == (None, {}, "25-34")


async def test_a_line_of_json_may_be_an_agent_file(client: httpx.AsyncClient) -> None:
    body = "\n".join([json.dumps(MIRA), "", json.dumps(JON)])
    again = await imported(client, "jsonl", body)
    assert [person["name"] for person in await people(client, again)] == [MIRA["persona"]["name"], "Jon Ames"]


def packed(**columns: list[Any]) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), sink)
    return sink.getvalue()


LONG = ["Ann"] * 5_001
REFUSED: list[tuple[str, bytes | str, str, str]] = [
    ("csv", "", "name", "is missing"),
    ("csv", "name,age\r\n", "body", "no people"),
    ("csv", "name,shoe\r\nA,3", "shoe", "no column"),
    ("csv", "name;age\r\nA;3", "name;age", "no column"),
    ("csv", "name,age,age\r\nA,3,3", "age", "more than once"),
    ("csv", "age\r\n3", "name", "is missing"),
    ("csv", "name,age\r\nA,3\r\nB", "line 3", "has 1 cells"),
    ("csv", "name,age\r\nA,old", "line 2, age", "not a number"),
    ("csv", "name,age\r\nA,NaN", "agents.0.persona.age", "finite"),
    ("csv", "name,age,weight\r\nA,3,-1", "agents.0.rehearsal.weight", "above 0"),
    ("csv", "name,age\r\nA,-1", "agents.0.persona.age", "whole years"),
    ("csv", "name,age\r\nA,1e999", "agents.0.persona.age", "finite"),
    ("csv", f"name,age\r\nA,{'9' * 5_000}", "line 2, age", "not a number"),
    ("csv", "name,age,traits.charm\r\nA,3,0.5", "agents.0.rehearsal.traits.charm", "no known trait"),
    ("csv", "name,age,traits.trust\r\nA,3,7", "agents.0.rehearsal.traits.trust", "from -1 to 1"),
    ("csv", "name,age\r\nA\0,3", "agents.0.persona.name", "NUL"),
    ("csv", 'name,age\r\n"A,3', "line 2", "not CSV"),
    ("csv", "name,age,persona\r\nA,3,{", "agents.0.persona", "not JSON"),
    ("csv", 'name,age,persona\r\nA,3,"{""name"": ""B"", ""age"": 3}"', "agents.0.name", "but the persona says"),
    ("csv", "name,age\r\nÅ,3".encode("latin-1"), "body", "not UTF-8: byte 10 is 0xc5"),
    ("csv", "name,age\r\nA,3".encode("utf-16"), "body", "not UTF-8"),
    ("csv", "name,age\r\n" + "A,3\r\n" * 5_001, "body", "more than 5000"),
    ("csv", f"name,age\r\n{'x' * 140_000},3", "line 2", "not CSV"),
    ("jsonl", "[1]", "line 1", "not a JSON object"),
    ("jsonl", '\n{"name": "A"', "line 2", "not JSON"),
    ("jsonl", '{"name": "A", "traits": {}, "age": NaN}', "line 1.age", "finite"),
    ("jsonl", '{"name": "A", "age": 3, "traits": {}, "shoe": 1}', "line 1.shoe", "is not a field"),
    ("jsonl", '{"name": "A", "age": 3, "age": 4, "traits": {}}', "line 1", "more than once"),
    ("jsonl", '{"name": "A", "age": 3, "traits": []}', "line 1.traits", "not an object"),
    ("jsonl", b'{"name": "\xff"}', "line 1", "utf-8"),
    ("jsonl", "[" * 100_000, "line 1", "nested"),
    ("parquet", b"PAR1 this is not one PAR1", "body", "not Parquet"),
    ("parquet", b"", "body", "not Parquet"),
    ("parquet", packed(name=["A"], shoe=[1]), "shoe", "no column"),
    ("parquet", packed(name=["A"], age=[[1]]), "age", "is of type"),
    ("parquet", packed(name=["A"], age=[float("nan")]), "agents.0.persona.age", "finite"),
    ("parquet", packed(name=LONG, age=[3] * 5_001), "body", "at most 5000"),
    ("parquet", packed(name=["x" * 2_000_000 for _ in range(40)], age=[3] * 40), "body", "unpacks to more"),
    ("xlsx", b"PK", "format", "not a format"),
]


@pytest.mark.parametrize(("kind", "body", "field", "reason"), REFUSED)
async def test_a_hostile_file_is_refused_by_name_and_nothing_is_stored(
    client: httpx.AsyncClient, kind: str, body: bytes | str, field: str, reason: str
) -> None:
    before = (await client.get("/agent-populations/list")).json()
    answer = await sent(client, kind, body)
    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    assert (error["field"], reason in error["message"]) == (field, True), error
    assert (await client.get("/agent-populations/list")).json() == before


async def test_a_file_that_is_too_large_is_refused_before_it_is_read(client: httpx.AsyncClient) -> None:
    assert (await sent(client, "csv", b"x" * (16 * 2**20 + 1))).status_code == 413


async def test_a_population_needs_a_name(client: httpx.AsyncClient) -> None:
    answer = await client.post("/agent-populations/import/csv", content="name,age\r\nA,3")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "name")
