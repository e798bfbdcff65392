"""Results as files, and simulations side by side: what is asked, and how the answer is shown."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast, get_args

from libs.client.client import ExportFormat
from services.cli.exits import Exit, StopError
from services.cli.files import save
from services.cli.output import print_json
from services.cli.own import Source
from services.cli.verdict import clean, console, side_by_side

TRANSCRIPT = "transcript"
FORMATS = (*get_args(ExportFormat), TRANSCRIPT)
ENDINGS = {"records": "records.json", "plots": "plots.json", TRANSCRIPT: "transcript.md"}


async def write_export(simulation: str, form: str, out: Path | None, source: Source) -> Exit:
    """Write a file of results, byte for byte as the platform made it."""
    if form not in FORMATS:
        raise StopError(Exit.INVALID, f"--format: {form!r} is none of {', '.join(FORMATS)}")
    file = out or Path(f"{simulation}.{ENDINGS.get(form, form)}")
    async with source.connect() as client:
        if form == TRANSCRIPT:
            save(file, await client.transcript(simulation))
        else:
            save(file, await client.export(simulation, cast("ExportFormat", form)))
    return Exit.COMPLETED


async def show_comparison(
    simulations: Sequence[str],
    interventions: Sequence[str],
    baseline: str | None,
    metrics: Sequence[str] | None,
    source: Source,
    *,
    as_json: bool,
) -> Exit:
    """Print every arm against the baseline."""
    async with source.connect() as client:
        found = await client.compare_interventions(
            simulations=simulations, interventions=interventions, baseline=baseline, metrics=metrics or None
        )
    if as_json:
        print_json(found)
        return Exit.COMPLETED
    out = console()
    out.print(side_by_side(found, out.width))
    if not found["comparisons"]:
        out.print("Nothing can be compared.")
    for metric, why in found["not_compared"].items():
        out.print(f"{clean(metric)} is left out: {clean(why)}.")
    for warning in found["warnings"]:
        out.print(f"Note: {clean(warning)}.")
    evidence = found["evidence"]
    out.print(f"Evidence grade {evidence['grade']}, effective n {evidence['effective_n']:g}: {evidence['caveat']}.")
    return Exit.COMPLETED
