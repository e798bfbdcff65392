"""`rehearsal people`: populations drawn as jobs, listed, put away; their people found, shown and edited."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from libs.client import RehearsalClient
from libs.contracts.base import JsonObject
from libs.contracts.specs import FragmentSpec, PopulationSpec
from libs.minds.json_documents import DocumentError, parse, pretty
from libs.minds.persona_files import FRAGMENT_SUFFIX, MAX_FILE
from services.cli.exits import Exit, StopError, say
from services.cli.files import checked, read_yaml, text_of
from services.cli.output import print_json
from services.cli.own import Source
from services.cli.verdict import clean, console

TOLD_EVERY_S = 3.0
PAGE = 200
SHOWN_ATTRIBUTES = ("gender", "region", "education", "employment", "occupation")


async def generate(path: Path, changes: JsonObject, source: Source, *, wait: bool, as_json: bool) -> Exit:
    """Draw the population that a file describes, as a job, and follow it to its end."""
    found = read_yaml(path)
    if isinstance(found, dict) and isinstance(found.get("population"), dict):
        found = found["population"]  # a study file
    if not isinstance(found, dict):
        raise StopError(Exit.INVALID, f"{path}: is not a population: an object with name, demographic_base and size")
    spec = checked(PopulationSpec, {**found, **changes}, path)
    async with source.connect() as client:
        job = await client.bulk_generate(spec)
        say(f"{job['population_id']}: {job['size']:,} people; `rehearsal people cancel` stops it, Ctrl-C does not")
        if wait:
            job = await client.wait_for_job(job["population_id"], _Teller())
    if as_json:
        print_json(job)
    else:
        speed = f", {job['people_per_second']:,.0f} a second" if job["people_per_second"] else ""
        reason = f": {clean(job['reason'])}" if job["reason"] else ""
        print(f"{job['population_id']}: {job['generated']:,} people {job['state']}{speed}{reason}")
    return Exit.FAILED if job["state"] in {"failed", "cancelled"} else Exit.COMPLETED


class _Teller:
    """Says now and then how far a job is."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def __call__(self, job: JsonObject) -> None:
        if time.monotonic() - self._told < TOLD_EVERY_S:
            return
        self._told = time.monotonic()
        if job["remaining_s"] is None:
            say("the model is being asked" if job["stage"] == "asking" else "nobody is there yet")
            return
        speed, left = job["people_per_second"], job["remaining_s"]
        say(f"{job['generated']:,} of {job['size']:,} people, {speed:,.0f} a second, {left:,.0f} s to go")


async def cancel(population_id: str, source: Source) -> Exit:
    """Draw nobody more."""
    async with source.connect() as client:
        job = await client.cancel_job(population_id)
    say(f"{population_id}: {job['reason']}")
    return Exit.COMPLETED


async def list_populations(limit: int, source: Source, *, archived: bool, as_json: bool) -> Exit:
    """Populations, newest first."""
    async with source.connect() as client:
        listed = await client.populations(archived=archived, limit=limit)
    if as_json:
        print_json(listed["items"])
        return Exit.COMPLETED
    table = _table("population", "name", "state", "people", "base", "made")
    for one in listed["items"]:
        people = f"{one['generated']:,}" if one["state"] != "generating" else f"{one['generated']:,} of {one['size']:,}"
        table.add_row(
            *map(clean, (one["id"], one["name"], one["state"], people, one["demographic_base"], one["created_at"][:16]))
        )
    console().print(table, markup=False)
    return Exit.COMPLETED


async def put_away(population_id: str, source: Source, *, archived: bool) -> Exit:
    """Archive a population, or take it out again."""
    async with source.connect() as client:
        change = client.archive_population if archived else client.restore_population
        await change(population_id)
    say(f"{population_id} is {'archived' if archived else 'listed again'}")
    return Exit.COMPLETED


async def delete(population_id: str, source: Source) -> Exit:
    """Delete a population and its people."""
    async with source.connect() as client:
        await client.delete_population(population_id)
    say(f"{population_id} is deleted")
    return Exit.COMPLETED


async def find(
    population_id: str, where: Sequence[str], filters: JsonObject, most: int, source: Source, *, as_json: bool
) -> Exit:
    """People by what they are; `where` has pairs `ATTRIBUTE=VALUE`."""
    attributes: dict[str, list[str]] = {}
    for pair in where:
        name, separator, value = pair.partition("=")
        if not (name and separator and value):
            raise StopError(Exit.INVALID, f"--where {pair}: is written ATTRIBUTE=VALUE")
        attributes.setdefault(name, []).append(value)
    async with source.connect() as client:
        people = await _people(client, population_id, attributes, filters, most)
    if as_json:
        for person in people:
            print_json(person)
        return Exit.COMPLETED
    table = _table("agent", "name", "age", "segment", *SHOWN_ATTRIBUTES)
    for person in people:
        profile = person["demographic_profile"]
        told = [str(profile.get(name, "")) for name in SHOWN_ATTRIBUTES]
        table.add_row(
            *map(clean, (person["agent_id"], person["name"], str(person["age"]), person["segment"] or "", *told))
        )
    console().print(table, markup=False)
    return Exit.COMPLETED


async def _people(
    client: RehearsalClient, population_id: str, attributes: dict[str, list[str]], filters: JsonObject, most: int
) -> list[JsonObject]:
    people: list[JsonObject] = []
    cursor: str | None = None
    while len(people) < most:
        page = await client.individuals(
            population_id, attributes=attributes, limit=min(PAGE, most - len(people)), cursor=cursor, **filters
        )
        people += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    return people


async def show_person(population_id: str, agent_id: str, source: Source, *, as_json: bool) -> Exit:
    """One person, where they come from and what was done to them."""
    async with source.connect() as client:
        _print(await client.individual_of(population_id, agent_id), as_json=as_json)
    return Exit.COMPLETED


async def edit(
    population_id: str, agent_id: str, file: str, said: dict[str, str | None], source: Source, *, as_json: bool
) -> Exit:
    """Edit one person by the JSON merge patch in a file."""
    try:
        patch = parse(text_of(file), MAX_FILE)
    except DocumentError as error:
        raise StopError(Exit.INVALID, f"{file}: {error}") from None
    if not isinstance(patch, dict):
        raise StopError(Exit.INVALID, f"{file}: is not a JSON object")
    async with source.connect() as client:
        _print(
            await client.edit_individual(population_id, agent_id, patch, author=said["author"], note=said["note"]),
            as_json=as_json,
        )
    return Exit.COMPLETED


def _print(person: JsonObject, *, as_json: bool) -> None:
    if as_json:
        print_json(person)
        return
    output, origin = console(), person["origin"]
    place = f"segment {person['segment']}" if person["segment"] else "outside of every segment"
    output.print(f"{clean(person['name'])}, {person['age']}: {person['agent_id']}, {clean(place)}", markup=False)
    drawn = f"{origin['kind']} from {clean(origin['demographic_base'])}, seed {origin['seed']}"
    output.print("imported from a file" if origin["seed"] is None else drawn, markup=False)
    output.print(clean(pretty(person["persona"])), markup=False)
    table = _table("version", "when", "what", "who", "why")
    for one in person["history"]:
        version, conflict = one["version"], one["change"]["conflict"]
        edit_ = version["edit"] or {}
        what = "edit" if version["edit"] else ", ".join(part["name"] or "own" for part in version["fragments"])
        told = (f"{what}: {conflict}" if conflict else what, edit_.get("author") or "", edit_.get("note") or "")
        table.add_row(str(version["version"]), version["created_at"][:16], *map(clean, told))
    if person["history"]:
        output.print(table, markup=False)


async def list_fragments(source: Source, *, as_json: bool) -> Exit:
    """Every fragment."""
    async with source.connect() as client:
        found = (await client.fragments())["items"]
    if as_json:
        print_json(found)
        return Exit.COMPLETED
    table = _table("fragment", "origin", "category", "what")
    for one in found:
        table.add_row(*map(clean, (one["name"], one["origin"], one["category"], one["description"])))
    console().print(table, markup=False)
    return Exit.COMPLETED


async def show_fragment(name: str, source: Source) -> Exit:
    """One fragment as JSON."""
    async with source.connect() as client:
        print(pretty(await client.fragment(name)), end="")
    return Exit.COMPLETED


async def add_fragment(path: Path, name: str | None, source: Source) -> Exit:
    """Add the fragment in a file; its name is that of the file unless one is given."""
    found = await asyncio.to_thread(read_yaml, path)
    if not isinstance(found, dict):
        raise StopError(Exit.INVALID, f"{path}: is not an object")
    known = name or found.get("name") or path.name.removesuffix(FRAGMENT_SUFFIX)
    spec = checked(FragmentSpec, {**found, "name": known}, path)
    async with source.connect() as client:
        await client.create_fragment(spec)
    say(f"{spec.name} is a fragment now")
    return Exit.COMPLETED


async def delete_fragment(name: str, source: Source) -> Exit:
    """Take a fragment of one's own away."""
    async with source.connect() as client:
        await client.delete_fragment(name)
    say(f"{name} is deleted")
    return Exit.COMPLETED


def _table(*names: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in names:
        table.add_column(name, justify="right" if name in {"people", "age"} else "left")
    return table
