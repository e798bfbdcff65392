"""The SDK against answers as they come over a wire: events across broken connections, refusals, absent platforms."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest

from libs.client import ProblemError, Progress, RehearsalClient, ServerEvent, UnreachableError
from libs.client import sse as sse_module
from libs.client.sse import Decoder
from libs.contracts.timelines import MAIN

NOWHERE = "http://127.0.0.1:9"


class Scripted(httpx.AsyncBaseTransport):
    """A server that gives prepared answers in order, and keeps the requests."""

    def __init__(self, *answers: Callable[[], httpx.Response]) -> None:
        self.answers: Iterator[Callable[[], httpx.Response]] = iter(answers)
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return next(self.answers)()


class Breaking(httpx.AsyncByteStream):
    """A body that breaks off."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            yield chunk
        raise httpx.ReadError("connection reset")


def event(name: str, data: dict[str, Any], identity: str | None = None) -> bytes:
    end = f"id: {identity}\n" if identity else ""
    return f"event: {name}\ndata: {json.dumps(data)}\n{end}\n".encode()


def responses(*agents: str, status: str = "answered") -> dict[str, Any]:
    rows = [{"agent_id": agent, "arm": "a", "status": status} for agent in agents]
    return {"step_id": "s", "round": 1, "responses": rows}


END = event("simulation-state-changed", {"state": "completed", "planned": {"a": 2}}, "1-9")


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse_module, "RETRY_PAUSE", 0.01)


async def collect(client: RehearsalClient, **options: Any) -> list[ServerEvent]:
    async with aclosing(client.stream("sim_1", **options)) as events:
        return [one async for one in events]


def test_events_are_decoded_whatever_the_pieces_they_come_in() -> None:
    wire = b": heartbeat\n\n" + event("note", {"text": "line\u2028separator"}, "1-2") + b"retry: 1000\r\n\r\n"
    decoder = Decoder()
    found = [one for index in range(len(wire)) for one in decoder.feed(wire[index : index + 1])]
    assert found == [ServerEvent("note", {"text": "line\u2028separator"}, "1-2")]


async def test_a_broken_stream_resumes_and_hands_on_every_event_once() -> None:
    cut = Breaking(event("responses-recorded", responses("agent_1"), "1-3"), event("responses-recorded", {"half": 1}))
    transport = Scripted(
        lambda: httpx.Response(200, stream=cut),
        lambda: httpx.Response(503, json={"title": "restarting"}),
        lambda: httpx.Response(200, content=event("responses-recorded", responses("agent_2"), "1-5") + END),
    )
    async with RehearsalClient(transport=transport) as client:
        events = await collect(client)
    assert [one.id for one in events] == ["1-3", "1-5", "1-9"]
    assert [request.headers.get("last-event-id") for request in transport.requests] == [None, "1-3", "1-3"]


async def test_events_of_a_flush_that_was_cut_short_are_not_handed_on_twice() -> None:
    first, second = event("delivery-completed", {"n": 1}), event("delivery-completed", {"n": 2}, "1-4")
    transport = Scripted(
        lambda: httpx.Response(200, stream=Breaking(first)),
        lambda: httpx.Response(200, content=first + second + END),
    )
    async with RehearsalClient(transport=transport) as client:
        events = await collect(client)
    assert [one.data.get("n") for one in events] == [1, 2, None]


async def test_a_stream_with_nothing_more_to_come_ends() -> None:
    async with RehearsalClient(transport=Scripted(lambda: httpx.Response(204))) as client:
        assert await collect(client, last_event_id="1-9") == []


async def test_a_stream_that_cannot_be_had_again_gives_up_in_the_end() -> None:
    async with RehearsalClient(NOWHERE) as client:
        with pytest.raises(UnreachableError, match=NOWHERE):
            await collect(client, give_up_after=0.05)


async def test_an_unknown_simulation_raises_at_once() -> None:
    answer = httpx.Response(404, json={"title": "Not found", "detail": "There is no simulation 'sim_1'."})
    async with RehearsalClient(transport=Scripted(lambda: answer)) as client:
        with pytest.raises(ProblemError, match="no simulation 'sim_1'"):
            await collect(client)


async def test_wait_follows_progress_to_the_last_status() -> None:
    story = event("responses-recorded", responses("agent_1", "agent_2"), "1-2") + END
    transport = Scripted(
        lambda: httpx.Response(200, content=story),
        lambda: httpx.Response(200, json={"state": "completed"}),
    )
    seen: list[tuple[str, int, int]] = []
    async with RehearsalClient(transport=transport) as client:
        status = await client.wait(
            "sim_1", lambda progress: seen.append((progress.state, progress.done, progress.total))
        )
    assert status == {"state": "completed"}
    assert seen[-1] == ("completed", 2, 2)


def test_progress_counts_a_repeated_event_once() -> None:
    progress = Progress()
    for _ in range(2):
        progress.apply(ServerEvent("step-started", {"step_id": "s", "round": 1, "planned": {"a": 3}}, None))
        progress.apply(ServerEvent("responses-recorded", responses("agent_1"), "1-1"))
        progress.apply(ServerEvent("responses-recorded", responses("agent_2", status="failed"), "1-2"))
    assert (progress.answered["a"], progress.failed["a"], progress.total) == (1, 1, 3)


def test_who_took_no_turn_is_not_counted_as_planned_any_more() -> None:
    progress = Progress()
    progress.apply(ServerEvent("step-started", {"step_id": "s", "round": 1, "planned": {"a": 3}}, None))
    for _ in range(2):
        progress.apply(ServerEvent("delivery-completed", {"delivery_id": "d", "arm": "a", "skipped": 2}, None))
    progress.apply(ServerEvent("simulation-state-changed", {"state": "ready", "planned": {"a": 1}}, None))
    assert progress.total == 1


def test_what_a_restore_left_behind_is_not_counted_any_more() -> None:
    progress = Progress()
    step = {"round": 1, "planned": {"all": 2}, "timeline_id": "main"}
    for place, step_id in enumerate(("one", "two"), start=1):
        progress.apply(ServerEvent("step-started", step | {"step_id": step_id, "place": place}, None))
        recorded = responses("agent_1") | {"step_id": step_id, "timeline_id": "main", "place": place}
        progress.apply(ServerEvent("responses-recorded", recorded, None))
    progress.apply(ServerEvent("simulation-state-changed", {"state": "running", "planned": {"all": 4}}, None))
    assert (progress.done, progress.total) == (2, 4)
    fork = {"timeline": MAIN.fork(2, 1).model_dump()}
    for _ in range(2):
        progress.apply(ServerEvent("timeline-forked", fork, None))
    late = responses("agent_2") | {"step_id": "two", "timeline_id": "main", "place": 2}
    progress.apply(ServerEvent("responses-recorded", late, None))
    assert (progress.done, progress.total) == (1, 2)
    progress.apply(ServerEvent("step-started", step | {"step_id": "x", "place": 2, "timeline_id": "main.2"}, None))
    assert (progress.done, progress.total) == (1, 4)


async def test_a_refusal_names_fields_and_allowed_values() -> None:
    errors = [{"field": "success_metrics.0", "message": "is unknown", "allowed": ["open_rate"]}]
    body = {"title": "The request is not valid", "status": 422, "detail": "…", "errors": errors}
    async with RehearsalClient(transport=Scripted(lambda: httpx.Response(422, json=body))) as client:
        with pytest.raises(ProblemError) as caught:
            await client.create_intervention({})
    assert caught.value.status == 422
    assert str(caught.value.errors[0]) == "success_metrics.0: is unknown (allowed: open_rate)"


async def test_an_answer_that_is_no_json_is_a_problem_too() -> None:
    page = httpx.Response(200, text="<html>hello</html>")
    async with RehearsalClient(transport=Scripted(lambda: page)) as client:
        with pytest.raises(ProblemError, match="Not a platform"):
            await client.status("sim_1")


async def test_a_refused_connection_is_tried_again_only_when_asked() -> None:
    def refuse() -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    async with RehearsalClient(transport=Scripted(refuse)) as client:
        with pytest.raises(UnreachableError, match="connection refused"):
            await client.status("sim_1")
    transport = Scripted(refuse, refuse, lambda: httpx.Response(200, json={"state": "running"}))
    async with RehearsalClient(transport=transport, connect_for=5) as client:
        assert await client.status("sim_1") == {"state": "running"}


def away() -> httpx.Response:
    return httpx.Response(503, headers={"retry-after": "0.1"}, json={"title": "Not now", "detail": "results is away"})


async def test_what_is_only_read_is_asked_for_again_where_the_platform_says_when_to_come_back() -> None:
    transport = Scripted(away, away, lambda: httpx.Response(200, json={"state": "running"}))
    async with RehearsalClient(transport=transport, connect_for=5) as client:
        assert await client.status("sim_1") == {"state": "running"}
    async with RehearsalClient(transport=Scripted(away)) as client:
        with pytest.raises(ProblemError, match="results is away"):
            await client.status("sim_1")
    async with RehearsalClient(transport=Scripted(away), connect_for=5) as client:
        with pytest.raises(ProblemError, match="results is away"):
            await client.pause("sim_1")


async def test_an_id_is_one_path_segment_whatever_was_typed() -> None:
    transport = Scripted(lambda: httpx.Response(200, json={}))
    async with RehearsalClient(transport=transport) as client:
        await client.status("../../metrics?x=1")
    assert transport.requests[0].url.raw_path == b"/simulations/%2E%2E%2F%2E%2E%2Fmetrics%3Fx%3D1/status"


@pytest.mark.parametrize(("name", "media"), [("a.yaml", "application/yaml"), ("a.json", "application/json")])
async def test_a_study_file_is_sent_as_it_is(tmp_path: Path, name: str, media: str) -> None:
    file = tmp_path / name
    file.write_bytes(b"name: [yes, no]")
    transport = Scripted(lambda: httpx.Response(202, json={"simulation_id": "sim_1"}))
    async with RehearsalClient(transport=transport) as client:
        assert await client.run_study(file) == {"simulation_id": "sim_1"}
    (sent,) = transport.requests
    assert (sent.content, sent.headers["content-type"]) == (b"name: [yes, no]", media)
