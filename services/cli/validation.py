"""The commands of validation and their options: comparisons with people, calibration, behaviour, quality."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import CODES, AsJson, SimulationId, Url, source_of

app = typer.Typer(rich_markup_mode=None)
baselines = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(baselines, name="baselines", help="Past results of people, kept to compare with.")
BaselineId = Annotated[str, typer.Argument(metavar="BASELINE", help="Id of a baseline.")]
CsvFile = Annotated[Path | None, typer.Option("--csv", help="The CSV file of the people's answers.")]


@app.command("empirical-compare", epilog=CODES, short_help="Hold simulated answers against those of people.")
def empirical_compare(
    file: Annotated[Path, typer.Argument(metavar="FILE.yaml", help="The body of the request.")],
    csv: CsvFile = None,
    baseline: Annotated[str | None, typer.Option(metavar="BASELINE", help="Instead: a kept baseline.")] = None,
    simulation: Annotated[str | None, typer.Option(metavar="SIM", help="The simulation to hold against it.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Whether simulated answers are those that people give: pass, fail or inconclusive, with the reasons.

    \b
    rehearsal empirical-compare examples/validation/compare.yaml
    rehearsal empirical-compare metric.yaml --baseline BASELINE --simulation SIM
    """
    from services.cli.evidence import compare
    from services.cli.exits import carry_out

    carry_out(compare(file, csv, baseline, simulation, source_of(url), as_json=as_json))


@app.command(epilog=CODES, short_help="Hold a simulation against past results of people.")
def validate(
    baseline: Annotated[str, typer.Argument(metavar="BASELINE", help="FILE.yaml of a baseline, or a kept one's id.")],
    simulation: SimulationId,
    csv: CsvFile = None,
    arm: Annotated[str | None, typer.Option(help="Only this arm: the one that the people met.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the report here: JSON if it ends so, else Markdown.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Compare every metric of a baseline with what a simulation answered, and look at the simulation's quality.

    \b
    rehearsal validate examples/validation/baseline.yaml SIM --out validation.md
    rehearsal validate BASELINE SIM --arm rational_appeal
    Exits with 1 when a metric or a quality check fails.
    """
    from services.cli.exits import carry_out
    from services.cli.validated import Against
    from services.cli.validated import validate as validate_

    carry_out(validate_(simulation, Against(baseline, csv, arm), out, source_of(url), as_json=as_json))


@app.command(epilog=CODES, short_help="What past comparisons with people teach about simulators.")
def calibrate(
    simulator: Annotated[str | None, typer.Option(help="Only this simulator, with its comparisons.")] = None,
    file: Annotated[Path | None, typer.Option("--import", help="First add the past comparisons of this CSV.")] = None,
    source: Annotated[str, typer.Option(help="Where these come from.")] = "",
    column: Annotated[list[str] | None, typer.Option(metavar="OURS=THEIRS", help="How the CSV calls a column.")] = None,
    page: Annotated[Path | None, typer.Option("--html", help="Write all of it with its plots as a page.")] = None,
    plots: Annotated[Path | None, typer.Option(help="Write every plot as SVG into this folder.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """How far simulators were from people: bias, its spread, how effects shrink, and how many people that is worth.

    \b
    rehearsal calibrate --html calibration.html --plots plots/
    rehearsal calibrate --import past.csv --source "our panel, 2023-2025" --column outcome=question
    """
    from services.cli.evidence import Addition, show_calibration
    from services.cli.exits import carry_out

    addition = Addition(file, source, tuple(column or ())) if file is not None else None
    carry_out(show_calibration(simulator, addition, page, plots, source_of(url), as_json=as_json))


@app.command("human-answers", epilog=CODES, short_help="Add answers of people to a simulation.")
def human_answers(
    simulation: SimulationId,
    file: Annotated[Path | None, typer.Argument(metavar="FILE.csv", help="person_id, arm, … and the metrics.")] = None,
    source: Annotated[str, typer.Option(help="Who asked whom, and when.")] = "",
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Add answers of people to a finished simulation, and print what both say about people: evidence grade A.

    \b
    rehearsal human-answers SIM people.csv --source "our panel, May 2026"
    rehearsal human-answers SIM
    """
    from services.cli.evidence import add_people
    from services.cli.exits import carry_out

    carry_out(add_people(simulation, file, source, source_of(url), as_json=as_json))


@app.command(epilog=CODES, short_help="How the agents of a simulation behaved.")
def behaviour(
    simulation: SimulationId,
    reverse: Annotated[list[str] | None, typer.Option(metavar="A=B", help="Two scales that ask the opposite.")] = None,
    repeat: Annotated[list[str] | None, typer.Option(metavar="A=B", help="Two metrics that ask the same.")] = None,
    judge: Annotated[str | None, typer.Option(help="The model that judges.", show_default="rules")] = None,
    interviews: Annotated[int, typer.Option(min=0, max=20, help="Agents that the judge interviews.")] = 0,
    expectations: Annotated[str, typer.Option(help="How agents are expected to be, besides their personas.")] = "",
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Whether agents act in character, agree with themselves, read as people, and differ from each other.

    \b
    rehearsal behaviour SIM --reverse trusts=distrusts
    rehearsal behaviour SIM --judge my-model --interviews 5
    """
    from services.cli.evidence import show_behaviour
    from services.cli.exits import carry_out

    spec = {"judge": judge, "interviews": interviews or None, "expectations": expectations}
    pairs = (reverse or (), repeat or ())
    carry_out(show_behaviour(simulation, spec, pairs, source_of(url), as_json=as_json))


@app.command(epilog=CODES, short_help="The quality card of a simulation.")
def quality(simulation: SimulationId, url: Url = None, as_json: AsJson = False) -> None:
    """Whether what a simulation recorded is complete, valid and varied. Exits with 1 when a check fails."""
    from services.cli.evidence import show_quality
    from services.cli.exits import carry_out

    carry_out(show_quality(simulation, source_of(url), as_json=as_json))


@baselines.command("add", epilog=CODES, short_help="Keep past results of people.")
def add_baseline(
    file: Annotated[Path, typer.Argument(metavar="FILE.yaml", help="Name, source, metrics, columns.")],
    csv: CsvFile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Keep past results of people; prints the id. examples/validation/ has one."""
    from services.cli.evidence import add_baseline as add
    from services.cli.exits import carry_out

    carry_out(add(file, csv, source_of(url), as_json=as_json))


@baselines.command("list", epilog=CODES)
def list_baselines(
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many, newest first.")] = 20,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List baselines, newest first."""
    from services.cli.evidence import list_baselines as list_
    from services.cli.exits import carry_out

    carry_out(list_(limit, source_of(url), as_json=as_json))


@baselines.command("show", epilog=CODES)
def show_baseline(baseline: BaselineId, url: Url = None) -> None:
    """Print a baseline as JSON, without the answers of its people."""
    from services.cli.evidence import show_baseline as show
    from services.cli.exits import carry_out

    carry_out(show(baseline, source_of(url)))


@baselines.command("remove", epilog=CODES)
def remove_baseline(baseline: BaselineId, url: Url = None) -> None:
    """Forget a baseline and its answers; comparisons made with it stay in the ledger."""
    from services.cli.evidence import remove_baseline as remove
    from services.cli.exits import carry_out

    carry_out(remove(baseline, source_of(url)))
