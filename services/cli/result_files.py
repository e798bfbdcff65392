"""The commands of results beside the verdict: files of them, and simulations side by side."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import CODES, AsJson, SimulationId, Url, source_of

app = typer.Typer(rich_markup_mode=None)
FORMATS = "json, csv, jsonl, records, xlsx, parquet, plots, pdf, html, or transcript: what was said in conversations."
Simulations = Annotated[list[str] | None, typer.Argument(metavar="SIM...", help="Ids of finished simulations.")]


@app.command(epilog=CODES, short_help="Write the results of a simulation as a file.")
def export(
    simulation: SimulationId,
    form: Annotated[str, typer.Option("--format", help=FORMATS)] = "json",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The file; else the id with the format.")] = None,
    url: Url = None,
) -> None:
    """Write the results of a simulation as a file: for data frames, spreadsheets, or people.

    \b
    rehearsal export SIM --format xlsx
    rehearsal export SIM --format pdf -o report.pdf
    """
    from services.cli.exits import carry_out
    from services.cli.side_by_side import write_export

    carry_out(write_export(simulation, form, out, source_of(url)))


@app.command(epilog=CODES, short_help="Write the report of a simulation.")
def report(
    simulation: SimulationId,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The file; .pdf for PDF, else HTML.")] = None,
    url: Url = None,
) -> None:
    """Write the report of a simulation: verdict, charts, tables, each with its grade."""
    from services.cli.exits import carry_out
    from services.cli.side_by_side import write_export

    form = "pdf" if out is not None and out.suffix.lower() == ".pdf" else "html"
    carry_out(write_export(simulation, form, out, source_of(url)))


@app.command(epilog=CODES, short_help="Set simulations side by side.")
def compare(
    simulations: Simulations = None,
    intervention: Annotated[
        list[str] | None, typer.Option("--intervention", help="Instead: the newest one of an intervention.")
    ] = None,
    baseline: Annotated[str | None, typer.Option(metavar="SIM/ARM", help="Else: that of the first one.")] = None,
    metric: Annotated[list[str] | None, typer.Option("--metric", help="Only this metric; may be repeated.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Hold every arm of several finished simulations against one baseline, corrected as one family.

    \b
    rehearsal compare SIM1 SIM2
    rehearsal compare --intervention INT1 --intervention INT2 --metric open_rate
    """
    from services.cli.exits import carry_out
    from services.cli.side_by_side import show_comparison

    carry_out(show_comparison(simulations or [], intervention or [], baseline, metric, source_of(url), as_json=as_json))
