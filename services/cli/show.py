"""Commands that look and change nothing: `watch`, `ls`, `results`."""

import sys

from libs.client import RehearsalClient
from libs.client.progress import TERMINAL
from libs.contracts.base import JsonObject
from services.cli.exits import Exit, say
from services.cli.output import print_json
from services.cli.own import Source
from services.cli.results import results_of
from services.cli.run import ended_badly, follow


async def watch_simulation(simulation_id: str, source: Source) -> Exit:
    """Follow a simulation to its end."""
    async with source.connect() as client:
        await client.status(simulation_id)
        status = await follow(client, simulation_id)
        if status["state"] != "completed":
            return ended_badly(status)
        await _print_verdict(client, status)
    return Exit.COMPLETED


async def list_simulations(
    limit: int, states: list[str], wanted: dict[str, str | None], source: Source, *, as_json: bool
) -> Exit:
    """Those that are wanted, newest first unless sorted otherwise."""
    async with source.connect() as client:
        page = await client.simulations(limit=limit, state=states, **wanted)
    if as_json:
        print_json(page)
    elif page["items"]:
        _print_table(page["items"])
    elif states or any(wanted.values()):
        say("No simulation is like that.")
    else:
        say("No simulation yet. Start one with: rehearsal run examples/email_ab.yaml")
    return Exit.COMPLETED


async def end_simulations(simulation_ids: list[str], source: Source, *, as_json: bool) -> Exit:
    """End all of them; one that is not there makes the command fail after the others."""
    async with source.connect() as client:
        answer = await client.end_simulations(simulation_ids)
    for one in answer["items"]:
        say(f"{one['simulation_id']}: {one['outcome'].replace('_', ' ')}, {one['state'] or 'unknown'}")
    if as_json:
        print_json(answer)
    missing = any(one["outcome"] == "not_found" for one in answer["items"])
    return Exit.REFUSED if missing else Exit.COMPLETED


async def show_results(simulation_id: str, source: Source, *, as_json: bool) -> Exit:
    """The verdict, or with `as_json` the export byte for byte."""
    async with source.connect() as client:
        status = await client.status(simulation_id)
        if status["state"] in TERMINAL and status["state"] != "completed":
            return ended_badly(status)
        if status["state"] != "completed":
            say(f"{simulation_id} is {status['state']}: there is no verdict before its end. See `rehearsal watch`.")
            return Exit.FAILED
        if as_json:
            sys.stdout.buffer.write(await client.export(simulation_id, "json") + b"\n")
        else:
            await _print_verdict(client, status)
    return Exit.COMPLETED


async def _print_verdict(client: RehearsalClient, status: JsonObject) -> None:
    from services.cli.verdict import console, simulated, usage_line, verdict

    output, results = console(), await results_of(client, status)
    output.print(verdict(results["analysis"], results["better"], output.width))
    output.print(simulated(results.get("population")))
    output.print(usage_line(status["usage"]), style="dim")


def _print_table(items: list[JsonObject]) -> None:
    from rich.table import Table

    from services.cli.verdict import clean, console

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("simulation", "name", "state", "answered", "model", "started"):
        table.add_column(name, justify="right" if name == "answered" else "left", no_wrap=name == "simulation")
    for item in items:
        progress = item["progress"]
        done = f"{progress['answered']}/{progress['planned']}"
        started = item["created_at"][:19].replace("T", " ")
        row = (item["simulation_id"], item["name"], item["state"], done, item["model"], started)
        table.add_row(*map(clean, row))
    console().print(table, markup=False)
