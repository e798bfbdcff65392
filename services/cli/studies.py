"""The commands of `rehearsal studies`, study files that a platform keeps and templates; and `rerun` and `clone`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import CODES, AsJson, Calls, SimulationId, Tokens, Url, Usd, capped, source_of

if TYPE_CHECKING:
    from libs.contracts.base import JsonObject

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
again = typer.Typer(rich_markup_mode=None)
StudyName = Annotated[str, typer.Argument(metavar="STUDY", help="Id of a study, or its name where only one has it.")]
Version = Annotated[int | None, typer.Option("--version", min=1, help="A published version, instead of the draft.")]


@app.command("list", epilog=CODES, short_help="List studies, newest first.")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 20,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List the studies that the platform keeps, newest first."""
    from services.cli.exits import carry_out
    from services.cli.kept_studies import list_studies

    carry_out(list_studies(limit, source_of(url), as_json=as_json))


@app.command("templates", epilog=CODES, short_help="List studies to begin with.")
def templates(url: Url = None, as_json: AsJson = False) -> None:
    """List studies to begin with: survey, focus_group, ab_test, customer_journey, …"""
    from services.cli.exits import carry_out
    from services.cli.kept_studies import list_templates

    carry_out(list_templates(source_of(url), as_json=as_json))


@app.command("template", epilog=CODES, short_help="Print a study to begin with.")
def template(
    name: Annotated[str, typer.Argument(metavar="TEMPLATE", help="Its name, as `templates` shows it.")],
    version: Annotated[int | None, typer.Option("--version", min=1, help="Instead of the newest.")] = None,
    url: Url = None,
) -> None:
    """Print a study to begin with, as a file: rehearsal studies template survey > my_study.yaml"""
    from services.cli.exits import carry_out
    from services.cli.kept_studies import show_template

    carry_out(show_template(name, version, source_of(url)))


@app.command("add", epilog=CODES, short_help="Have the platform keep a study file.")
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A study as YAML or JSON.")],
    study: Annotated[str | None, typer.Option(help="The study whose draft it replaces; a new one if absent.")] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Make it a version at once.")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Have the platform keep a study file, byte for byte; prints its id."""
    from services.cli.exits import carry_out
    from services.cli.kept_studies import add_study

    carry_out(add_study(file, study, source_of(url), publish=publish, as_json=as_json))


@app.command("show", epilog=CODES, short_help="Print the file of a study.")
def show(study: StudyName, version: Version = None, url: Url = None) -> None:
    """Print the file of a study as it was sent: its draft, or a version."""
    from services.cli.exits import carry_out
    from services.cli.kept_studies import show_study

    carry_out(show_study(study, version, source_of(url)))


@app.command("run", epilog=CODES, short_help="Run a study that the platform keeps.")
def run(
    study: StudyName,
    version: Version = None,
    changes: Annotated[
        str, typer.Option(metavar="JSON", help="A merge patch of the study for this run, such as '{\"seed\": 5}'.")
    ] = "{}",
    usd: Usd = None,
    tokens: Tokens = None,
    calls: Calls = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Run a version of a study, or its draft, which is published first; prints the simulation's id."""
    from services.cli.exits import carry_out
    from services.cli.kept_studies import run_study

    budget = capped(usd, tokens, calls)
    carry_out(run_study(study, version, _patch(changes), budget, source_of(url), as_json=as_json))


@again.command("rerun", epilog=CODES, short_help="Run a simulation again, with changes.")
def rerun(
    simulation: SimulationId,
    changes: Annotated[
        str, typer.Option(metavar="JSON", help="A merge patch of its settings, or of its study: '{\"seed\": 5}'.")
    ] = "{}",
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Run again what a simulation ran; without changes nothing is paid for. Prints the new simulation's id."""
    from services.cli.exits import carry_out
    from services.cli.kept_studies import rerun_simulation

    carry_out(rerun_simulation(simulation, _patch(changes), source_of(url), as_json=as_json))


@again.command("clone", epilog=CODES, short_help="Set up a simulation as another one.")
def clone(
    simulation: SimulationId,
    name: Annotated[str | None, typer.Option(help="Of the new one, where it is interactive.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Set up a simulation as another one: the same people, intervention, seed and model. Prints its id."""
    from services.cli.exits import carry_out
    from services.cli.kept_studies import clone_simulation

    carry_out(clone_simulation(simulation, name, source_of(url), as_json=as_json))


def _patch(changes: str) -> "JsonObject":
    try:
        patch = json.loads(changes)
    except ValueError:
        patch = None
    if not isinstance(patch, dict):
        raise typer.BadParameter("is no JSON object", param_hint="--changes")
    return patch
