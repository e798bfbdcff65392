"""What `make chaos` breaks things with does what it says; the studies it breaks are too long to be tests."""

import asyncio
import json
import socket
import sys
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from chaos.provider import FAULTS
from chaos.proxy import Proxy
from chaos.receiver import Receiver
from chaos.small_disk import fill, free, small_disk
from chaos.study import steady
from tests.support.platforms import Process, free_port

REQUEST = {
    "model": "m",
    "messages": [{"role": "user", "content": "hello"}],
    "response_format": {"json_schema": {"schema": {"type": "object", "properties": {"yes": {"type": "boolean"}}}}},
}


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with closing(writer):
        while data := await reader.read(100):
            writer.write(data)


async def asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> float:
    """How long an answer takes."""
    begun = time.monotonic()
    writer.write(b"hello")
    assert await reader.readexactly(5) == b"hello"
    return time.monotonic() - begun


async def test_a_proxy_is_slow_deaf_or_cuts_connections_as_it_is_told() -> None:
    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        proxy = Proxy(server.sockets[0].getsockname()[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        assert await asked(reader, writer) < 0.2
        proxy.slow(0.2)
        assert await asked(reader, writer) >= 0.4
        proxy.slow(0)
        proxy.deafen(True)
        waiting = asyncio.create_task(asked(reader, writer))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        proxy.deafen(False)
        assert await waiting >= 0.3  # late, and not lost
        assert await asyncio.to_thread(proxy.reset) == 1
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asked(reader, writer)
        writer.close()
        proxy.close()


async def test_who_holds_a_stranded_connection_is_told_nothing_until_they_ask_whether_it_lives() -> None:
    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        proxy = Proxy(server.sockets[0].getsockname()[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        await asked(reader, writer)
        own = writer.get_extra_info("socket")
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 500)
        assert proxy.strand() == 1
        waiting = asyncio.create_task(asked(reader, writer))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        with pytest.raises((OSError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(waiting, 20)
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        assert await asked(reader, writer) < 1
        writer.close()
        proxy.close()


def test_a_provider_misbehaves_for_its_share_of_calls_and_answers_the_same_when_it_does_not(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/v1"
    process = Process([sys.executable, "-m", "chaos.provider", str(port)], {}, tmp_path / "provider.log", url)
    process.start()
    try:
        with httpx.Client(base_url=url, timeout=30, transport=httpx.HTTPTransport(retries=20)) as client:
            misbehaves(client)
    finally:
        process.stop()


def misbehaves(client: httpx.Client) -> None:
    def control(**wanted: object) -> None:
        client.post("/control", json=wanted, timeout=30)

    control(latency_s=0.0)
    good = outcome(client)
    assert "yes" in good
    for fault in FAULTS:
        control(fault=fault, share=1.0)
        assert outcome(client, within_s=0.5) != good, fault
    control(fault="500", share=0.5)
    answers = [outcome(client) for _ in range(40)]
    assert {good, "500"} == set(answers)
    assert 5 < answers.count(good) < 35
    control()
    assert outcome(client) == good


def outcome(client: httpx.Client, within_s: float = 30.0) -> str:
    """What comes of a call: its content, its status, or how it broke."""
    deadline = time.monotonic() + within_s
    try:
        with client.stream("POST", "/chat/completions", json=REQUEST, timeout=within_s) as answer:
            if answer.status_code != 200:
                return str(answer.status_code)
            body = b""
            for piece in answer.iter_bytes():
                body += piece
                if time.monotonic() > deadline:
                    return "slow"
        return str(json.loads(body)["choices"][0]["message"]["content"])
    except (httpx.HTTPError, ValueError) as error:
        return type(error).__name__


def test_a_small_disk_is_full_until_there_is_room_again(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    with small_disk(folder, 1) as is_small:
        if not is_small:
            pytest.skip("a disk cannot be mounted here")
        assert fill(folder) > 500_000
        with pytest.raises(OSError, match="No space left"):
            (folder / "more").write_bytes(b"x" * 10_000)
        (folder / "more").unlink(missing_ok=True)
        free(folder)
        (folder / "more").write_bytes(b"x" * 10_000)


def test_a_receiver_of_webhooks_notes_each_message_once() -> None:
    receiver = Receiver()
    for identity, state in (("1", "running"), ("2", "completed"), ("1", "running")):
        data = {"simulation_id": "sim_1", "state": state}
        event = {"type": "rehearsal.orchestrator.simulation-state-changed.v1", "data": data}
        assert httpx.post(receiver.url, json=event, headers={"webhook-id": identity}).status_code == 204
    assert receiver.told_of("sim_1") == ["simulation-state-changed completed", "simulation-state-changed running"]
    assert receiver.told_of("sim_2") == []
    receiver.close()


def test_what_is_said_is_waited_for_until_it_is_as_expected_or_changes_no_more() -> None:
    said = iter([{"n": 1}, {"n": 2}] + [{"n": 3}] * 100)
    assert steady(lambda: next(said), {"n": 3}, within_s=5)[0] == {"n": 3}
    said = iter([{"n": 1}] + [{"n": 2}] * 100)
    assert steady(lambda: next(said), None, within_s=5)[0] == {"n": 2}
    assert steady(lambda: {"n": 4}, {"n": 5}, within_s=0.2)[0] == {"n": 4}
