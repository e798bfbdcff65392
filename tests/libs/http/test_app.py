"""What every service's HTTP app does around its own routes."""

from collections.abc import AsyncIterator
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import httpx
import pytest
from fastapi import APIRouter
from pydantic import Discriminator, Tag, model_validator
from sqlalchemy import Column, Integer, MetaData, Table, select

from libs.contracts.base import Body
from libs.contracts.errors import ConflictError, InvalidError, NotAvailableError, NotFoundError
from libs.db import Database, insert_new
from libs.http import Page, Read, Write, create_http_app, decode_cursor, page
from libs.http.problems import MOST_ERRORS
from tests.support.apps import running

metadata = MetaData()
numbers = Table("numbers", metadata, Column("n", Integer, primary_key=True, autoincrement=False))
router = APIRouter()


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Line(Body):
    kind: Colour
    price: int

    @model_validator(mode="after")
    def _has_a_price(self) -> "Line":
        if self.price not in (1, 2):
            raise ValueError(f"price.0: {self.price} is no price; allowed: 1, 2")
        return self


def _line_kind(value: object) -> str:
    return "[name]" if isinstance(value, str) else "own"


class Order(Body):
    colour: Colour
    size: Literal["s", "m"] = "s"
    count: int = 1
    note: list[str] = []
    after: timedelta = timedelta()
    extra: bool | float | list[str] = False
    lines: list[Annotated[Annotated[str, Tag("[name]")] | Annotated[Line, Tag("own")], Discriminator(_line_kind)]] = []

    @model_validator(mode="after")
    def _red_is_single(self) -> "Order":
        if self.colour is Colour.RED and self.count > 1:
            raise ValueError("count: red comes alone")
        return self


@router.post("/orders", status_code=201)
async def order(body: Order) -> dict[str, str]:
    return {"colour": body.colour}


@router.post("/numbers/{number}")
async def add_number(number: int, tx: Write) -> None:
    await insert_new(tx, numbers, [{"n": number}])
    if number == 13:
        raise ConflictError("13 is not allowed now")


@router.post("/broken-commit")
async def break_the_commit(tx: Write) -> None:
    async def fail_at_commit() -> None:
        raise RuntimeError("disk full")

    await insert_new(tx, numbers, [{"n": 99}])
    tx.before_commit(fail_at_commit)


@router.get("/numbers")
async def list_numbers(tx: Read, limit: int = 2, cursor: str | None = None) -> Page[int]:
    after = decode_cursor(cursor, int)
    query = select(numbers.c.n).where(numbers.c.n > (after[0] if after else 0)).order_by(numbers.c.n).limit(limit + 1)
    return page(list((await tx.execute(query)).scalars()), limit, lambda n: n, lambda n: (n,))


@router.get("/errors/{kind}")
async def fail(kind: str) -> None:
    errors = {
        "missing": NotFoundError("thing", "x"),
        "invalid": InvalidError("a.b", "is wrong", ["one", "two"]),
        "later": NotAvailableError("GET /errors/later"),
    }
    raise errors.get(kind) or RuntimeError("secret detail")


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = create_http_app("test", router, max_body_bytes=1_000)
    app.state.database = database = Database(f"sqlite:///{tmp_path}/x.db")
    async with database.write() as tx:
        await tx.connection.run_sync(metadata.create_all)
    async with running("test", app) as client:
        yield client
    await database.close()


RED_OR_BLUE = "Input should be 'red' or 'blue'"
NO_DURATION = "is no duration as ISO 8601 has it, such as PT6H or P2D"
NO_PRICE = "3 is no price; allowed: 1, 2"


@pytest.mark.parametrize(
    ("body", "field", "message", "allowed"),
    [
        ({"colour": "green"}, "colour", "Input should be 'red' or 'blue'", ["red", "blue"]),
        ({"colour": "blue", "size": "xl"}, "size", "Input should be 's' or 'm'", ["s", "m"]),
        ({"colour": "blue", "sise": "s"}, "sise", "is not a field of this request", []),
        ({"colour": "red", "count": 2}, "count", "red comes alone", []),
        ({}, "colour", "is required", []),
        ({"colour": "blue", "note": [True]}, "note.0", "should be text: put it in quotes", []),
        ({"colour": "blue", "after": "soon"}, "after", NO_DURATION, []),
        ({"colour": "blue", "lines": [{"price": 1}]}, "lines.0.kind", "is required", []),
        ({"colour": "blue", "lines": ["a", {"kind": "x", "price": 1}]}, "lines.1.kind", RED_OR_BLUE, ["red", "blue"]),
        ({"colour": "blue", "lines": [{"kind": "red", "price": 3}]}, "lines.0.price.0", NO_PRICE, ["1", "2"]),
    ],
)
async def test_a_bad_field_is_named_with_what_is_allowed(
    client: httpx.AsyncClient, body: dict[str, object], field: str, message: str, allowed: list[str]
) -> None:
    answer = await client.post("/orders", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"] == [{"field": field, "message": message, "allowed": allowed}]


async def test_a_value_that_fits_no_branch_of_a_union_is_one_problem_of_its_field(client: httpx.AsyncClient) -> None:
    answer = await client.post("/orders", json={"colour": "blue", "extra": {"a": 1}})
    [problem] = answer.json()["errors"]
    assert problem["field"] == "extra"
    assert "valid boolean; or: " in problem["message"]


async def test_a_parameter_that_a_list_does_not_have_is_refused_with_those_it_has(client: httpx.AsyncClient) -> None:
    answer = await client.get("/numbers", params={"limits": 3})
    assert answer.status_code == 422
    [problem] = answer.json()["errors"]
    assert (problem["field"], problem["allowed"]) == ("limits", ["limit", "cursor"])


async def test_of_errors_without_end_the_first_are_told(client: httpx.AsyncClient) -> None:
    answer = await client.post("/orders", json={f"{number:x}": 1 for number in range(130)})
    assert len(answer.json()["errors"]) == MOST_ERRORS


async def test_malformed_json_is_a_problem_of_the_body(client: httpx.AsyncClient) -> None:
    answer = await client.post("/orders", content=b'{"colour": ', headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body"
    assert "not valid JSON" in answer.json()["detail"]


@pytest.mark.parametrize("announced", [True, False])
async def test_an_oversized_body_is_refused_whether_announced_or_not(
    client: httpx.AsyncClient, announced: bool
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    answer = await client.post("/orders", content=b"x" * 2_000 if announced else chunks())
    assert answer.status_code == 413
    assert answer.json()["errors"][0]["message"] == "may have at most 1000 bytes"


@pytest.mark.parametrize(("kind", "status"), [("missing", 404), ("invalid", 422), ("later", 501), ("other", 500)])
async def test_errors_become_problems(client: httpx.AsyncClient, kind: str, status: int) -> None:
    answer = await client.get(f"/errors/{kind}")
    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text


@pytest.mark.parametrize("url", ["/numbers?cursor=%00", "/errors/%00"])
async def test_a_nul_character_in_a_url_is_refused(client: httpx.AsyncClient, url: str) -> None:
    assert (await client.get(url)).status_code == 400


async def test_a_nul_character_in_a_body_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/orders", json={"colour": "blue", "note": ["ok", "a\x00b"]})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": "note", "message": "may not contain NUL characters or lone surrogates", "allowed": []}
    ]


async def test_a_refused_request_stores_nothing(client: httpx.AsyncClient) -> None:
    assert (await client.post("/numbers/13")).status_code == 409
    assert (await client.get("/numbers")).json()["items"] == []


async def test_pages_follow_each_other_without_gap_or_repetition(client: httpx.AsyncClient) -> None:
    for number in (5, 3, 1, 4, 2):
        await client.post(f"/numbers/{number}")
    seen, cursor = [], None
    while True:
        answer = (await client.get("/numbers", params={"cursor": cursor} if cursor else {})).json()
        seen += answer["items"]
        if (cursor := answer["next_cursor"]) is None:
            break
    assert seen == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("cursor", ["nonsense", "W10", "WyJhIl0", "eyJhIjoxfQ"])
async def test_a_cursor_the_list_never_gave_is_refused(client: httpx.AsyncClient, cursor: str) -> None:
    answer = await client.get("/numbers", params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "cursor"


async def test_the_answer_carries_the_correlation_id_of_the_request(client: httpx.AsyncClient) -> None:
    answer = await client.get("/healthz", headers={"x-correlation-id": "abc"})
    assert answer.headers["x-correlation-id"] == "abc"
    assert (await client.get("/healthz")).headers["x-correlation-id"]


async def test_requests_are_counted_under_their_template_never_their_path(client: httpx.AsyncClient) -> None:
    await client.get("/errors/missing")
    metrics = (await client.get("/metrics")).text
    assert 'rehearsal_http_requests_total{method="GET",route="/errors/{kind}",service="test",status="404"}' in metrics
    assert "/errors/missing" not in metrics


async def test_a_commit_that_fails_is_an_error_answer(client: httpx.AsyncClient) -> None:
    assert (await client.post("/broken-commit")).status_code == 500
    assert (await client.get("/numbers")).json()["items"] == []


async def test_a_database_that_is_away_is_told_with_when_to_come_again_and_in_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = create_http_app("test", router)
    app.state.database = database = Database("postgresql://nobody@127.0.0.1:9/nothing")
    async with running("test", app) as client:
        answer = await client.get("/numbers", headers={"x-correlation-id": "story-1"})
    await database.close()
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.headers["x-correlation-id"] == "story-1"
    assert answer.json()["detail"] == "A database does not answer now; nothing is lost, try again shortly."
    [told] = [record for record in caplog.records if record.getMessage().startswith("request failed")]
    assert (told.levelname, told.exc_info) == ("WARNING", None)


async def test_probes_are_no_requests_of_anybody(client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/numbers"):
        await client.get(path)
    counted = (await client.get("/metrics")).text
    assert 'route="/numbers"' in counted
    assert not [line for line in counted.splitlines() if 'service="test"' in line and 'z"' in line]
    assert 'route="/metrics"' not in counted
