"""The commands of `rehearsal people` and their options. What they do is imported inside of them, as in app.py."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from services.cli.options import CODES, AsJson, PopulationId, Url, source_of

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
fragments = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(fragments, name="fragments", help="Fragments that come with the platform, and your own.")
AgentId = Annotated[str, typer.Argument(metavar="AGENT", help="Id of a person, such as agent_0001.")]
FragmentName = Annotated[str, typer.Argument(metavar="NAME", help="Name of a fragment.")]


@app.command("generate", epilog=CODES, short_help="Draw a population of up to 100,000 people.")
def generate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A population as YAML or JSON, or a study file.")],
    size: Annotated[int | None, typer.Option(min=1, max=100_000, help="Instead of the file's size.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, max=2**31 - 1, help="Instead of the file's seed.")] = None,
    wait: Annotated[bool, typer.Option(help="Stay until everybody is drawn.")] = True,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Draw a population as a job, and say how far it is; it goes on when this command is interrupted."""
    from services.cli.exits import carry_out
    from services.cli.populations import generate as generate_people

    changes = {name: value for name, value in (("size", size), ("seed", seed)) if value is not None}
    carry_out(generate_people(file, changes, source_of(url), wait=wait, as_json=as_json))


@app.command("cancel", epilog=CODES, short_help="Draw nobody more.")
def cancel(population: PopulationId, url: Url = None) -> None:
    """Cancel the job that draws a population."""
    from services.cli.exits import carry_out
    from services.cli.populations import cancel as cancel_job

    carry_out(cancel_job(population, source_of(url)))


@app.command("ls", epilog=CODES, short_help="List populations, newest first.")
def list_(
    archived: Annotated[bool, typer.Option("--archived", help="Those that were put away.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 20,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List populations, newest first."""
    from services.cli.exits import carry_out
    from services.cli.populations import list_populations

    carry_out(list_populations(limit, source_of(url), archived=archived, as_json=as_json))


@app.command("find", epilog=CODES, short_help="Find people by what they are.")
def find(
    population: PopulationId,
    where: Annotated[
        list[str] | None, typer.Option("--where", "-w", metavar="ATTRIBUTE=VALUE", help="May be given several times.")
    ] = None,
    segment: Annotated[str | None, typer.Option(help="Only people of this segment, or (rest).")] = None,
    name: Annotated[str | None, typer.Option(help="Only names with this in them.")] = None,
    age_min: Annotated[int | None, typer.Option(min=0, help="Only people at least this old.")] = None,
    age_max: Annotated[int | None, typer.Option(min=0, help="Only people at most this old.")] = None,
    fragment: Annotated[str | None, typer.Option(help="Only people who were given this fragment.")] = None,
    sort: Annotated[Literal["index", "age", "name"], typer.Option(help="What they are ordered by.")] = "index",
    order: Annotated[Literal["asc", "desc"], typer.Option(help="Lowest or highest first.")] = "asc",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 50,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Find people of a population by what they are; with --json one object a line.

    \b
    rehearsal people find POPULATION -w region=South -w region=West --age-min 30 --sort age
    """
    from services.cli.exits import carry_out
    from services.cli.populations import find as find_people

    filters = {
        "segment": segment, "name": name, "age_min": age_min, "age_max": age_max, "fragment": fragment,
        "sort": sort, "order": order,
    }  # fmt: skip
    carry_out(find_people(population, where or (), filters, limit, source_of(url), as_json=as_json))


@app.command("show", epilog=CODES, short_help="Show one person.")
def show(population: PopulationId, agent: AgentId, url: Url = None, as_json: AsJson = False) -> None:
    """Show one person: the persona, where they come from, and what was done to them."""
    from services.cli.exits import carry_out
    from services.cli.populations import show_person

    carry_out(show_person(population, agent, source_of(url), as_json=as_json))


@app.command("edit", epilog=CODES, short_help="Edit one person.")
def edit(
    population: PopulationId,
    agent: AgentId,
    patch: Annotated[str, typer.Argument(metavar="PATCH.json", help="A JSON merge patch; - is standard input.")],
    author: Annotated[str | None, typer.Option(help="Who edits; kept.")] = None,
    note: Annotated[str | None, typer.Option(help="Why; kept.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Edit the persona or the traits of one person by a JSON merge patch; what was before is kept.

    \b
    echo '{"traits": {"trust": -0.5}}' | rehearsal people edit POPULATION agent_0007 - --note "as in the pretest"
    """
    from services.cli.exits import carry_out
    from services.cli.populations import edit as edit_person

    said = {"author": author, "note": note}
    carry_out(edit_person(population, agent, patch, said, source_of(url), as_json=as_json))


@app.command("compare", epilog=CODES, short_help="How two populations differ.")
def compare(
    first: PopulationId,
    second: Annotated[str, typer.Argument(metavar="OTHER", help="Id of another population.")],
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Print how two populations differ, the most different attribute first."""
    from services.cli.exits import carry_out
    from services.cli.profile import compare_populations

    carry_out(compare_populations(first, second, source_of(url), as_json=as_json))


@app.command("margins", epilog=CODES, short_help="How far people are from every margin.")
def margins(population: PopulationId, url: Url = None, as_json: AsJson = False) -> None:
    """Print the margin errors of a population with the source of each, and what its weights cost."""
    from services.cli.exits import carry_out
    from services.cli.receipts import show_margins

    carry_out(show_margins(population, source_of(url), as_json=as_json))


@app.command("plan", epilog=CODES, short_help="What a model planned for a population.")
def plan(population: PopulationId, url: Url = None, as_json: AsJson = False) -> None:
    """Print the sampling plan of a population with a factory, and what of it could not be drawn by."""
    from services.cli.exits import carry_out
    from services.cli.receipts import show_plan

    carry_out(show_plan(population, source_of(url), as_json=as_json))


@app.command("archive", epilog=CODES, short_help="Put a population away.")
def archive(population: PopulationId, url: Url = None) -> None:
    """Put a population away: it is not listed any more, and simulations may use it as before."""
    from services.cli.exits import carry_out
    from services.cli.populations import put_away

    carry_out(put_away(population, source_of(url), archived=True))


@app.command("restore", epilog=CODES, short_help="Take a population out of the archive.")
def restore(population: PopulationId, url: Url = None) -> None:
    """Take a population out of the archive."""
    from services.cli.exits import carry_out
    from services.cli.populations import put_away

    carry_out(put_away(population, source_of(url), archived=False))


@app.command("delete", epilog=CODES, short_help="Delete a population and its people.")
def delete(population: PopulationId, url: Url = None) -> None:
    """Delete a population and its people; refused while a simulation uses it."""
    from services.cli.exits import carry_out
    from services.cli.populations import delete as delete_population

    carry_out(delete_population(population, source_of(url)))


@fragments.command("ls", epilog=CODES, short_help="List fragments.")
def list_fragments(url: Url = None, as_json: AsJson = False) -> None:
    """List the fragments that come with the platform, and your own."""
    from services.cli.exits import carry_out
    from services.cli.populations import list_fragments as list_all

    carry_out(list_all(source_of(url), as_json=as_json))


@fragments.command("show", epilog=CODES, short_help="Print one fragment.")
def show_fragment(name: FragmentName, url: Url = None) -> None:
    """Print one fragment as JSON."""
    from services.cli.exits import carry_out
    from services.cli.populations import show_fragment as show_one

    carry_out(show_one(name, source_of(url)))


@fragments.command("add", epilog=CODES, short_help="Add a fragment of your own.")
def add_fragment(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .fragment.json file, or the same as YAML.")],
    name: Annotated[str | None, typer.Option(help="Its name; that of the file if none.")] = None,
    url: Url = None,
) -> None:
    """Add a fragment of your own: category, description, traits and persona."""
    from services.cli.exits import carry_out
    from services.cli.populations import add_fragment as add_one

    carry_out(add_one(file, name, source_of(url)))


@fragments.command("delete", epilog=CODES, short_help="Delete a fragment of your own.")
def delete_fragment(name: FragmentName, url: Url = None) -> None:
    """Delete a fragment of your own; people keep what it said."""
    from services.cli.exits import carry_out
    from services.cli.populations import delete_fragment as delete_one

    carry_out(delete_one(name, source_of(url)))


@app.command("import", epilog=CODES, short_help="Make a population of people from files.")
def import_people(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="An .agent.json file, a folder of them, a .jsonl export; or one table."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the population; that of the first path if none.")] = None,
    segment: Annotated[list[str] | None, typer.Option(metavar="NAME=PATH", help="People of a segment.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Make a population of people from files in TinyTroupe's .agent.json shape; prints its id.

    One .csv or .parquet file may be given instead, with the columns that an export has: name and age, or persona; and
    segment, demographic_profile.…, traits.….
    """
    from services.cli.exits import carry_out
    from services.cli.people import ImportOptions, import_people

    if not paths and not segment:
        raise typer.BadParameter("name at least one file or folder, or a --segment")
    options = ImportOptions(name=name, segments=tuple(segment or ()), as_json=as_json)
    carry_out(import_people(paths or [], source_of(url), options))


@app.command("export", epilog=CODES, short_help="Write people as files.")
def export_people(
    population: PopulationId,
    agent: Annotated[str | None, typer.Option(help="Only this person.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="A folder, or a .jsonl file; for one person a file.", show_default="stdout")
    ] = None,
    file_format: Annotated[
        Literal["agent_json", "jsonl", "csv", "parquet"],
        typer.Option("--format", help="Files of TinyTroupe's shape, or one table of everybody."),
    ] = "agent_json",
    url: Url = None,
) -> None:
    """Write the people of a population in TinyTroupe's .agent.json shape, or as one table."""
    from services.cli.exits import carry_out
    from services.cli.people import export_people, export_table

    if file_format == "agent_json":
        carry_out(export_people(population, agent, out, source_of(url)))
    if agent is not None:
        raise typer.BadParameter("one person is written as agent_json only")
    carry_out(export_table(population, file_format, out, source_of(url)))


@app.command("apply-fragments", epilog=CODES, short_help="Merge fragments into the people of a population.")
def apply_fragments(
    population: PopulationId,
    fragments: Annotated[list[str], typer.Argument(metavar="FRAGMENT", help="A name, or a .fragment.json file.")],
    segment: Annotated[list[str] | None, typer.Option(help="Only people of this segment.")] = None,
    agent: Annotated[list[str] | None, typer.Option(help="Only this person.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Merge fragments into the people of a population, and say whom they changed and whom they contradict."""
    from services.cli.exits import carry_out
    from services.cli.people import Targets, apply_fragments

    targets = Targets(tuple(segment or ()), tuple(agent or ()))
    carry_out(apply_fragments(population, fragments, targets, source_of(url), as_json=as_json))
