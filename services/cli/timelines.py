"""`rehearsal checkpoint | checkpoints | diff | restore`: marks in a simulation, and going on from one."""

from libs.client import RehearsalClient
from libs.contracts.base import JsonObject
from services.cli.exits import Exit, say
from services.cli.output import print_json, print_one
from services.cli.own import Source

PAGE = 200
SIDES = ("before", "after")


async def mark(simulation_id: str, name: str | None, source: Source, *, as_json: bool) -> Exit:
    """Make a checkpoint and print its id."""
    async with source.connect() as client:
        made = await client.checkpoint(simulation_id, name=name)
    print_one(made, made["id"], as_json=as_json)
    return Exit.COMPLETED


async def list_marks(simulation_id: str, source: Source, *, as_json: bool) -> Exit:
    """All checkpoints, newest first."""
    async with source.connect() as client:
        items = await _all(client, simulation_id)
    if as_json:
        print_json({"items": items})
    elif items:
        _print_table(items)
    else:
        say(f"No checkpoint yet. Make one with: rehearsal checkpoint {simulation_id}")
    return Exit.COMPLETED


async def restore(simulation_id: str, checkpoint_id: str, source: Source, *, as_json: bool) -> Exit:
    """Go on from a checkpoint; prints the new timeline."""
    async with source.connect() as client:
        status = await client.restore(simulation_id, checkpoint_id)
    print_one(status, status["timeline_id"], as_json=as_json)
    return Exit.COMPLETED


async def difference(simulation_id: str, before: str, after: str, source: Source, *, as_json: bool) -> Exit:
    """What has changed from one checkpoint to another; as JSON with everything that agents remember more and less."""
    async with source.connect() as client:
        found = await client.difference(simulation_id, before, after)
        found["memories"] = await _memories(client, simulation_id, found)
    print_one(found, _summary(found), as_json=as_json)
    return Exit.COMPLETED


async def _memories(client: RehearsalClient, simulation_id: str, found: JsonObject) -> list[JsonObject]:
    marks = [(found[side]["checkpoint"]["timeline_id"], found[side]["checkpoint"]["place"]) for side in SIDES]
    items: list[JsonObject] = []
    cursor: str | None = None
    while True:
        page = await client.memory_changes(simulation_id, *marks, limit=PAGE, cursor=cursor)
        items += page["items"]
        if (cursor := page["next_cursor"]) is None:
            return items


def _summary(found: JsonObject) -> str:
    one, other = (found[side] for side in SIDES)
    lines = [f"both have the first {found['shared_place']} steps"]
    for sign, part in (("+", "gained"), ("-", "lost")):
        lines += [f"{sign} step {step['step_id']} (round {step['round']})" for step in found[part]]
        turns = [len(agent[part]) for agent in found["memories"] if agent[part]]
        lines += [f"{sign} {sum(turns)} turns in the memory of {len(turns)} agents"] if turns else []
    lines += [f"{name}: {one[name]} → {other[name]}" for name in ("state", "answered", "failed")]
    return "\n".join([*lines, f"USD: {one['usage']['cost_usd']:.4f} → {other['usage']['cost_usd']:.4f}"])


async def _all(client: RehearsalClient, simulation_id: str) -> list[JsonObject]:
    items: list[JsonObject] = []
    cursor: str | None = None
    while True:
        page = await client.checkpoints(simulation_id, limit=PAGE, cursor=cursor)
        items += page["items"]
        if (cursor := page["next_cursor"]) is None:
            return items


def _print_table(items: list[JsonObject]) -> None:
    from rich.table import Table

    from services.cli.verdict import clean, console

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("checkpoint", "name", "origin", "timeline", "after step", "made"):
        table.add_column(name, justify="right" if name == "after step" else "left", no_wrap=name == "checkpoint")
    for item in items:
        made = item["created_at"][:19].replace("T", " ")
        row = (item["id"], item["name"] or "", item["origin"], item["timeline_id"], str(item["place"]), made)
        table.add_row(*map(clean, row))
    console().print(table, markup=False)
