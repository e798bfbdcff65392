"""`rehearsal talk`: speaking with simulated people; what was asked is waited for, and what was said is printed."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path

from libs.client import RehearsalClient
from libs.client.progress import TERMINAL
from libs.contracts.base import JsonObject
from libs.contracts.dialogue import BroadcastSpec, ConversationSpec, MessageSpec, SequenceSpec
from services.cli.exits import Exit, StopError, say
from services.cli.files import checked, read_yaml
from services.cli.output import print_one
from services.cli.own import Source
from services.cli.run import ended_badly, follow

POLL_S = 0.1
PAGE = 500
MOST_LINES = 500
REPLY_S = 120.0
TOLD = {"stimulus": "»", "talk": ":", "think": "…", "answer": "=", "failure": "!", "reach_out": "→", "recall": "?"}


@dataclass(frozen=True, slots=True)
class Panel:
    """What an interactive simulation is made with."""

    population_id: str | None
    start_from: JsonObject | None
    name: str
    seed: int | None
    model: str
    engine: str


async def start(panel: Panel, source: Source, *, as_json: bool) -> Exit:
    """Make an interactive simulation and print its id once it is ready."""
    spec = asdict(panel)
    async with source.connect() as client:
        made = await client.create_simulation({name: value for name, value in spec.items() if value is not None})
        status = await _ready(client, made["id"])
    print_one(status, made["id"], as_json=as_json)
    return Exit.COMPLETED


async def ask(simulation_id: str, path: Path, source: Source, *, as_json: bool) -> Exit:
    """Ask what a YAML file says, wait for the end, and print what was said."""
    body = _read(path, simulation_id)
    async with source.connect() as client:
        asking = client.sequence if "touchpoints" in body else client.converse if "topic" in body else client.broadcast
        accepted = await asking(body)
        say(f"{accepted['id']}: {accepted['recipients']} agents, {len(accepted['step_ids'])} steps")
        await _ready(client, simulation_id, accepted["step_ids"][-1])
        if as_json:
            await _print(client, simulation_id, as_json=True, request_id=accepted["id"])
        else:
            await _tell(client, simulation_id, accepted["id"])
    return Exit.COMPLETED


async def _tell(client: RehearsalClient, simulation_id: str, request_id: str) -> None:
    """The beginning of what was said; what was put to many stands there once."""
    put: set[tuple[str, str]] = set()
    told = 0
    async for item in _items(client, simulation_id, {"request_id": request_id}):
        if told == MOST_LINES:
            say(
                f"… and more: `rehearsal talk history {simulation_id}` has all of it, `rehearsal talk end` the numbers."
            )
            return
        if item["kind"] == "stimulus":
            if (item["step_id"], item["content"]) in put:
                continue
            put.add((item["step_id"], item["content"]))
            item |= {"name": "to those it is for"}
        print(_line(item))
        told += 1


async def interview(simulation_id: str, agent_id: str, name: str, source: Source) -> Exit:
    """Pass each line of the input to an agent, and print what it says."""
    async with source.connect() as client:
        await client.status(simulation_id)
        if sys.stdin.isatty():
            say(f"Say something to {agent_id}; an empty line ends the interview.")
        while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
            body = {"simulation_id": simulation_id, "to_agent_id": agent_id, "source": name, "content": line}
            said = checked(MessageSpec, body).model_dump(mode="json", exclude_unset=True)
            reply = await client.message(said, wait=REPLY_S)
            if not reply["is_complete"]:
                raise StopError(Exit.FAILED, f"{agent_id} has not answered within {REPLY_S:.0f} s")
            for item in reply["items"]:
                if item["kind"] != "stimulus":
                    print(_line(item))
    return Exit.COMPLETED


async def show(simulation_id: str, filters: JsonObject, source: Source, *, as_json: bool) -> Exit:
    """Print the history."""
    async with source.connect() as client:
        await _print(client, simulation_id, as_json=as_json, **filters)
    return Exit.COMPLETED


async def end(simulation_id: str, source: Source) -> Exit:
    """End an interactive simulation and wait for its analysis."""
    async with source.connect() as client:
        await client.end(simulation_id)
        status = await follow(client, simulation_id)
    return Exit.COMPLETED if status["state"] == "completed" else ended_badly(status)


async def _ready(client: RehearsalClient, simulation_id: str, step_id: str | None = None) -> JsonObject:
    """Wait until the simulation has nothing to do, and this step is done."""
    while True:
        status = await client.status(simulation_id)
        if status["state"] in TERMINAL:
            raise StopError(Exit.FAILED, f"{simulation_id} {status['state']}: {status['reason']}")
        if status["state"] == "ready" and (step_id is None or await _is_done(client, simulation_id, step_id)):
            return status
        await asyncio.sleep(POLL_S)


async def _is_done(client: RehearsalClient, simulation_id: str, step_id: str) -> bool:
    steps = (await client.steps(simulation_id))["items"]
    return any(step["step_id"] == step_id and step["state"] == "finished" for step in steps)


async def _print(client: RehearsalClient, simulation_id: str, *, as_json: bool, **filters: str | int | None) -> None:
    async for item in _items(client, simulation_id, filters):
        print_one(item, _line(item), as_json=as_json)


async def _items(
    client: RehearsalClient, simulation_id: str, filters: dict[str, str | int | None]
) -> AsyncIterator[JsonObject]:
    cursor = None
    while True:
        page = await client.history(simulation_id, limit=PAGE, cursor=cursor, **filters)
        for item in page["items"]:
            yield item
        cursor = page["next_cursor"]
        if cursor is None:
            return


def _line(item: JsonObject) -> str:
    """An item of the history on one line, without control characters."""
    content = item["content"]
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    target = f" (to {item['target']})" if item["target"] else ""
    line = f"[{item['round']}] {item['name']} {TOLD.get(item['kind'], '·')} {text}{target}"
    return "".join(letter if letter.isprintable() else " " for letter in line)


def _read(path: Path, simulation_id: str) -> JsonObject:
    """What a file asks, as the body of its kind has it: YAML knows times and not-a-numbers, which JSON does not."""
    document = read_yaml(path)
    if not isinstance(document, dict):
        raise StopError(Exit.INVALID, f"{path} is not a mapping")
    kind = SequenceSpec if "touchpoints" in document else ConversationSpec if "topic" in document else BroadcastSpec
    if document.get("agent_ids") == []:
        raise StopError(Exit.INVALID, f"{path}: agent_ids: is empty; leave it out to ask everybody, or name some")
    spec = checked(kind, document | {"simulation_id": simulation_id}, path)
    return spec.model_dump(mode="json", exclude_unset=True)
