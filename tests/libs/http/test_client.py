"""Calls inside one process behave like calls over a socket."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter
from starlette.responses import StreamingResponse

from libs.http import connect, create_http_app
from tests.support.apps import running


class Streaming:
    """An app whose only answer is sent in two pieces; the second one waits for the test."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.left = asyncio.Event()
        self.breaks = False
        router = APIRouter()
        router.add_api_route("/stream", self.stream)
        router.add_api_route("/slow", self.slow)
        self.app = create_http_app("streaming", router)

    async def stream(self) -> StreamingResponse:
        return StreamingResponse(self.lines())

    async def slow(self) -> None:
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.left.set()
            raise

    async def lines(self) -> AsyncIterator[bytes]:
        yield b"first\n"
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.left.set()
            raise
        if self.breaks:
            raise RuntimeError("the model went away")
        yield b"second\n"


async def test_a_streamed_answer_arrives_piece_by_piece() -> None:
    service = Streaming()
    async with running("streaming", service.app) as client, client.stream("GET", "/stream") as answer:
        lines = answer.aiter_lines()
        assert await asyncio.wait_for(anext(lines), 2) == "first"
        service.gate.set()
        assert await asyncio.wait_for(anext(lines), 2) == "second"


async def test_leaving_a_stream_early_ends_the_work_behind_it() -> None:
    service = Streaming()
    async with running("streaming", service.app) as client:
        async with client.stream("GET", "/stream") as answer:
            await anext(answer.aiter_lines())
        await asyncio.wait_for(service.left.wait(), 2)


async def test_who_waits_no_longer_for_the_beginning_of_an_answer_ends_the_work_behind_it_too() -> None:
    service = Streaming()
    async with running("streaming", service.app) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await client.get("/slow")
        await asyncio.wait_for(service.left.wait(), 2)


async def test_an_answer_that_breaks_off_is_an_error_and_not_a_short_answer() -> None:
    service = Streaming()
    service.breaks = True
    service.gate.set()
    async with running("streaming", service.app) as client:
        with pytest.raises(httpx.RemoteProtocolError, match="the answer broke off"):
            await client.get("/stream")


async def test_a_service_that_does_not_run_here_is_a_connection_error() -> None:
    async with connect("local://nobody") as client:
        with pytest.raises(httpx.ConnectError, match="no service 'nobody'"):
            await client.get("/")
