"""`rehearsal people`: people from files and into files, and fragments for people who are there.

Files are read here before anything is sent, with the reader the platform uses, so that every fault is listed at once
with the file it is in.
"""

import asyncio
import itertools
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from libs.contracts.base import JsonObject
from libs.minds.json_documents import DocumentError, parse, pretty
from libs.minds.persona_files import AGENT_SUFFIX, FRAGMENT_SUFFIX, MAX_FILE, read_agent, read_fragment
from services.cli.exits import Exit, StopError, say
from services.cli.files import write
from services.cli.output import print_json
from services.cli.own import Source

LINES_SUFFIX = ".jsonl"
TABLE_SUFFIXES = (".csv", ".parquet")
SHOWN = 20
POLL_S = 0.2
Reader = Callable[[object], object]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the command line says about an import; `segments` are pairs `NAME=PATH`."""

    name: str | None
    segments: tuple[str, ...]
    as_json: bool


@dataclass(frozen=True, slots=True)
class Targets:
    """Whom fragments are for: everybody when both are empty."""

    segments: tuple[str, ...]
    agents: tuple[str, ...]


async def import_people(paths: Sequence[Path], source: Source, options: ImportOptions) -> Exit:
    """Make a population of the people in these files."""
    if len(paths) == 1 and not options.segments and paths[0].suffix in TABLE_SUFFIXES:
        return await _import_table(paths[0], source, options)
    segments = [_segment(pair) for pair in options.segments]
    faults: list[str] = []
    agents = _documents(paths, faults)
    body: JsonObject = {
        "name": options.name or (paths[0] if paths else Path(segments[0][1])).name.split(".")[0],
        "segments": [{"name": name, "agents": _documents([path], faults)} for name, path in segments],
        "agents": agents,
    }
    if faults:
        raise StopError(Exit.INVALID, "\n".join(["These are no people:", *(f"  {fault}" for fault in faults)]))
    async with source.connect() as client:
        _made(await client.import_people(body), options)
    return Exit.COMPLETED


async def _import_table(path: Path, source: Source, options: ImportOptions) -> Exit:
    """The people of a table; what is wrong with it the platform says, with the line and the column."""
    try:
        content = await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        raise StopError(Exit.INVALID, f"{path}: {error.strerror or error}") from None
    async with source.connect() as client:
        name, kind = options.name or path.stem, path.suffix.removeprefix(".")
        _made(await client.import_file(name, kind, content), options)
    return Exit.COMPLETED


def _made(population: JsonObject, options: ImportOptions) -> None:
    if options.as_json:
        print_json(population)
    else:
        print(f"{population['id']}: {population['size']} people")


async def export_people(population_id: str, agent_id: str | None, out: Path | None, source: Source) -> Exit:
    """Write people as files: one, or everybody into a folder, a `.jsonl` file or standard output."""
    count = 0
    async with source.connect() as client:
        with _writer(out, is_one=agent_id is not None) as write:
            if agent_id is not None:
                write(await client.agent_file(population_id, agent_id))
                return Exit.COMPLETED
            async for line in client.export_people(population_id):
                write(line.encode())
                count += 1
    say(f"{count:,} people{f' in {out}' if out else ''}")
    return Exit.COMPLETED


async def export_table(population_id: str, file_format: str, out: Path | None, source: Source) -> Exit:
    """Write everybody as one file of this format."""
    async with source.connect() as client:
        await write(client.export_file(population_id, file_format), out)
    return Exit.COMPLETED


async def apply_fragments(
    population_id: str, fragments: Sequence[str], targets: Targets, source: Source, *, as_json: bool
) -> Exit:
    """Apply fragments of the library or of files, wait until everybody had their turn, and say what it did."""
    body: JsonObject = {
        "fragments": [_fragment(text) for text in fragments],
        "target_segments": list(targets.segments),
        "agent_ids": list(targets.agents),
    }
    async with source.connect() as client:
        version = await client.apply_fragments(population_id, body)
        while version["state"] != "applied":
            await asyncio.sleep(POLL_S)
            pages = await client.versions(population_id, limit=50)
            version = next(one for one in pages["items"] if one["version"] == version["version"])
        conflicts = await client.changes(population_id, version["version"], outcome="conflict", limit=SHOWN)
    if as_json:
        print_json(version | {"first_conflicts": conflicts["items"]})
    else:
        _print(version, conflicts["items"])
    return Exit.COMPLETED


def _segment(pair: str) -> tuple[str, Path]:
    name, separator, path = pair.partition("=")
    if not (name and separator and path):
        raise StopError(Exit.INVALID, f"--segment {pair}: is written NAME=PATH")
    return name, Path(path)


def _documents(paths: Sequence[Path], faults: list[str]) -> list[object]:
    """The documents of files and folders, in order; what is wrong with any goes to `faults`."""
    found: list[object] = []
    for path in paths:
        try:
            for place, text in _texts(path):
                _read(place, text, read_agent, found, faults)
        except OSError as error:
            faults.append(f"{path}: {error.strerror or error}")
    return found


def _texts(path: Path) -> Iterator[tuple[str, bytes]]:
    """(place, text) of every document at a path."""
    if path.is_dir():
        files = sorted(path.glob(f"*{AGENT_SUFFIX}"))
        if not files:
            raise FileNotFoundError(0, f"has no file *{AGENT_SUFFIX}")
        for file in files:
            yield str(file), file.read_bytes()
    elif path.suffix == LINES_SUFFIX:
        for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
            if line.strip():
                yield f"{path}:{number}", line
    else:
        yield str(path), path.read_bytes()


def _read(place: str, text: bytes, read: Reader, found: list[object], faults: list[str]) -> None:
    try:
        document = parse(text, MAX_FILE)
        read(document)
    except DocumentError as error:
        faults.append(f"{place}: {error}")
    else:
        found.append(document)


def _fragment(text: str) -> object:
    """A name of the library, or the document of a file."""
    path = Path(text)
    if not text.endswith(FRAGMENT_SUFFIX) and not path.is_file():
        return text
    found: list[object] = []
    faults: list[str] = []
    try:
        _read(text, path.read_bytes(), read_fragment, found, faults)
    except OSError as error:
        faults.append(f"{path}: {error.strerror or error}")
    if faults:
        raise StopError(Exit.INVALID, faults[0])
    return found[0]


@contextmanager
def _writer(out: Path | None, *, is_one: bool) -> Iterator[Callable[[bytes], object]]:
    """What takes one document after the other: standard output, a file, or a folder that gets a file for each."""
    if out is not None and not is_one and out.suffix != LINES_SUFFIX:
        out.mkdir(parents=True, exist_ok=True)
        numbers = itertools.count(1)
        yield lambda line: _write_file(out, next(numbers), json.loads(line))
        return
    with out.open("wb") if out else nullcontext(sys.stdout.buffer) as file:
        yield lambda content: file.write(content.rstrip(b"\n") + b"\n")


def _write_file(folder: Path, number: int, document: JsonObject) -> None:
    name = re.sub(r"[^A-Za-z0-9]+", "_", document["persona"]["name"]).strip("_")
    (folder / f"{number:04d}_{name}{AGENT_SUFFIX}").write_text(pretty(document), encoding="utf-8")


def _print(version: JsonObject, conflicts: Sequence[JsonObject]) -> None:
    from services.cli.verdict import clean

    same = version["targeted"] - version["changed"] - version["conflicts"]
    print(
        f"Version {version['version']}: {version['changed']:,} people changed, {same:,} had all of it already, "
        f"{version['conflicts']:,} stayed as they were because it contradicts them."
    )
    for change in conflicts:
        print(f"  {change['agent_id']}: {clean(change['conflict'])}")
    if len(conflicts) < version["conflicts"]:
        print(f"  … see {version['links']['conflicts']}")
