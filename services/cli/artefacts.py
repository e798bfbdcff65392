"""`rehearsal artefacts`: what agents made with tools, as a list and as files."""

import sys
from pathlib import Path

from libs.client.client import ArtefactFormat
from libs.contracts.base import JsonObject
from services.cli.exits import Exit, say
from services.cli.output import print_json
from services.cli.own import Source


async def list_artefacts(simulation_id: str, agent_id: str | None, source: Source, *, as_json: bool) -> Exit:
    """Everything that was made in a simulation, oldest first."""
    items: list[JsonObject] = []
    cursor: str | None = None
    async with source.connect() as client:
        while True:
            page = await client.artefacts(simulation_id, agent_id=agent_id, limit=200, cursor=cursor)
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
    if as_json:
        print_json(items)
    elif items:
        _print_table(items)
    else:
        say("Nothing was made. Agents use tools when a request names some: tools: [word_processor].")
    return Exit.COMPLETED


async def get_artefact(
    simulation_id: str, artefact_id: str, file_format: ArtefactFormat, out: Path | None, source: Source
) -> Exit:
    """One artefact, to a file or to standard output."""
    async with source.connect() as client:
        content = await client.artefact_file(simulation_id, artefact_id, file_format)
    _write(content, out)
    return Exit.COMPLETED


def _write(content: bytes, out: Path | None) -> None:
    if out is None:
        sys.stdout.buffer.write(content)
    else:
        out.write_bytes(content)


def _print_table(items: list[JsonObject]) -> None:
    from rich.table import Table

    from services.cli.verdict import clean, console

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("artefact", "type", "name", "author", "round", "characters"):
        is_number = name in {"round", "characters"}
        table.add_column(name, justify="right" if is_number else "left", no_wrap=name == "artefact")
    for item in items:
        row = (item["id"], item["type"], item["name"], item["author"], item["round"], len(item["content"]))
        table.add_row(*map(clean, row))
    console().print(table, markup=False)
