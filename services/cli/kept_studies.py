"""What the commands of `rehearsal studies` do, over the public API."""

import sys
from collections.abc import Sequence
from pathlib import Path

from libs.client import ProblemError, RehearsalClient
from libs.contracts.base import JsonObject
from services.cli.exits import Exit, StopError, refusal, say
from services.cli.output import print_json, print_one, print_table
from services.cli.own import Source
from services.cli.study import InvalidStudyError, load

MANY = 100


async def list_studies(limit: int, source: Source, *, as_json: bool) -> Exit:
    """Newest first."""
    async with source.connect() as client:
        page = await client.studies(limit=limit)
    rows = [(one["id"], one["name"], str(one["version"] or "draft"), one["updated_at"][:16]) for one in page["items"]]
    return _told(page, ("study", "name", "version", "changed"), rows, as_json=as_json)


async def list_templates(source: Source, *, as_json: bool) -> Exit:
    """Studies to begin with."""
    async with source.connect() as client:
        page = await client.study_templates()
    rows = [(one["name"], str(one["version"]), f"{one['people']:,}", one["title"]) for one in page["items"]]
    return _told(page, ("template", "version", "people", "what it is"), rows, as_json=as_json)


async def show_template(name: str, version: int | None, source: Source) -> Exit:
    """As a file."""
    async with source.connect() as client:
        found = await client.study_template(name, version=version)
    sys.stdout.write(found["source"])
    return Exit.COMPLETED


async def add_study(path: Path, study: str | None, source: Source, *, publish: bool, as_json: bool) -> Exit:
    """Keep a file as a new study, or as the draft of one."""
    try:
        read = load(path)
    except InvalidStudyError as error:
        raise StopError(Exit.INVALID, str(error)) from error
    content, media = read.file.text.encode(), read.file.media
    async with source.connect() as client:
        try:
            if study is None:
                kept = await client.create_study(content, media)
            else:
                kept = await client.edit_study(await _id_of(client, study), content, media)
            version = (await client.publish_study(kept["id"]))["version"] if publish else None
        except ProblemError as error:
            raise StopError(Exit.REFUSED, "\n".join([refusal(error), *read.lines(error.errors)])) from error
    for warning in kept["warnings"]:
        say(f"{warning['field']}: {warning['message']}")
    print_one(kept | {"version": version or kept["version"]}, kept["id"], as_json=as_json)
    return Exit.COMPLETED


async def show_study(study: str, version: int | None, source: Source) -> Exit:
    """The file as it was sent."""
    async with source.connect() as client:
        content = await client.study_file(await _id_of(client, study), version=version)
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
    return Exit.COMPLETED


async def run_study(
    study: str, version: int | None, changes: JsonObject, budget: JsonObject, source: Source, *, as_json: bool
) -> Exit:
    """Begin a run; it is followed with `rehearsal watch`."""
    async with source.connect() as client:
        study_id = await _id_of(client, study)
        started = await client.run_kept_study(study_id, version=version, changes=changes, budget=budget or None)
    return _started(started, as_json=as_json)


async def rerun_simulation(simulation_id: str, changes: JsonObject, source: Source, *, as_json: bool) -> Exit:
    """Run again what a simulation ran."""
    async with source.connect() as client:
        started = await client.rerun(simulation_id, changes)
    return _started(started, as_json=as_json)


async def clone_simulation(simulation_id: str, name: str | None, source: Source, *, as_json: bool) -> Exit:
    """Set up a simulation as another one."""
    async with source.connect() as client:
        started = await client.clone(simulation_id, name=name)
    return _started(started, as_json=as_json)


def _started(started: JsonObject, *, as_json: bool) -> Exit:
    simulation_id = started["simulation_id"]
    print_one(started, simulation_id, as_json=as_json)
    say(f"It runs: rehearsal watch {simulation_id}")
    return Exit.COMPLETED


async def _id_of(client: RehearsalClient, study: str) -> str:
    """The study of this id, or the only one of this name."""
    if study.startswith("std_"):
        return study
    found = [one for one in (await client.studies(name=study, limit=MANY))["items"] if one["name"] == study]
    if len(found) != 1:
        ids = ", ".join(one["id"] for one in found) or "rehearsal studies list shows them"
        raise StopError(Exit.REFUSED, f"{len(found) or 'No'} studies are named {study!r}: {ids}")
    return str(found[0]["id"])


def _told(page: JsonObject, columns: Sequence[str], rows: Sequence[tuple[str, ...]], *, as_json: bool) -> Exit:
    if as_json:
        print_json(page)
        return Exit.COMPLETED
    print_table(columns, rows)
    return Exit.COMPLETED
