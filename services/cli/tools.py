"""`rehearsal extract`, `reduce` and `normalize`: what is asked of what was recorded, and how the answer is shown."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from libs.client import ProblemError, RehearsalClient
from libs.contracts.base import JsonObject
from libs.contracts.tools import ExtractionSpec, NormalizationSpec, ReductionSpec
from services.cli.exits import Exit, StopError, say
from services.cli.files import checked, csv_of, given, read_yaml, save, text_of, write
from services.cli.output import print_json
from services.cli.own import Source

SHOWN = 5
FORMATS: dict[str, Literal["csv", "json"]] = {".csv": "csv", ".jsonl": "json", ".ndjson": "json"}


async def extract_fields(
    spec: JsonObject, hints: Sequence[str], out: Path | None, source: Source, *, as_json: bool
) -> Exit:
    """Extract, wait, print every field over all agents; the agents themselves go into a file."""
    spec = {**spec, "fields_hints": dict(map(_hint, hints))}
    checked(ExtractionSpec, spec)
    if out is not None and out.suffix not in FORMATS:
        raise StopError(Exit.INVALID, f"--out: {out.name} ends neither in .csv nor in .jsonl")
    async with source.connect() as client:
        extraction = await client.extract(given(spec))
        simulation_id, extraction_id = extraction["simulation_id"], extraction["id"]
        if extraction["state"] == "running":
            extraction = await client.wait_for_extraction(simulation_id, extraction_id, _progress)
        if out is not None:
            await write(client.export_extraction(simulation_id, extraction_id, FORMATS[out.suffix]), out)
        summary = await _summary(client, extraction)
    if as_json:
        print_json({"extraction": _head(extraction), "summary": summary})
    else:
        _print_extraction(extraction, summary)
    return Exit.FAILED if extraction["failed"] == extraction["planned"] else Exit.COMPLETED


async def reduce_events(rules: Path, spec: JsonObject, out: Path | None, source: Source) -> Exit:
    """Rows by the rules of a file, to a file or standard output."""
    read = read_yaml(rules)
    body = {**spec, "rules": read.get("rules") if isinstance(read, dict) else read}
    checked(ReductionSpec, body, rules)
    async with source.connect() as client:
        await write(client.reduce(given(body)), out)
    return Exit.COMPLETED


async def normalize_texts(
    file: str | None, spec: JsonObject, out: Path | None, source: Source, *, as_json: bool
) -> Exit:
    """Label texts of a file or a field; print the labels, write every text with its own."""
    texts = text_of(file).splitlines() if file is not None else []
    body = {**spec, "values": texts}
    checked(NormalizationSpec, body)
    async with source.connect() as client:
        found = await client.normalize(given(body))
    if out is not None:
        rows = zip(texts, found["normalized"], strict=True) if texts else found["mapping"].items()
        save(out, csv_of([("text", "label"), *rows]))
    if as_json:
        print_json(found)
    else:
        _print_labels(found)
    return Exit.COMPLETED


def _hint(pair: str) -> tuple[str, str]:
    field, separator, text = pair.partition("=")
    if not separator or not field.strip() or not text.strip():
        raise StopError(Exit.INVALID, f"--hint: {pair!r} is not FIELD=TEXT")
    return field.strip(), text.strip()


async def _summary(client: RehearsalClient, extraction: JsonObject) -> JsonObject | None:
    """Every field over all agents; None while its intervention runs, when there is no summary on purpose."""
    try:
        return await client.extraction_summary(extraction["simulation_id"], extraction["id"])
    except ProblemError as error:
        if error.status != 409:
            raise
        say(error.detail)
        return None


def _progress(extraction: JsonObject) -> None:
    say(f"{extraction['finished']:,} of {extraction['planned']:,} agents, {extraction['failed']:,} failed")


def _head(extraction: JsonObject) -> JsonObject:
    return {name: value for name, value in extraction.items() if name not in {"items", "next_cursor"}}


def _print_extraction(extraction: JsonObject, summary: JsonObject | None) -> None:
    from rich.table import Table

    from services.cli.verdict import clean, console

    output = console()
    if summary is not None:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for name in ("field", "how", "n", "missing", "what"):
            table.add_column(name, justify="right" if name in {"n", "missing"} else "left")
        notes = _notes(extraction)
        for field in summary["fields"]:
            ways = ", ".join(f"{way} {count}" for way, count in field["ways"].items())
            row = (field["field"], ways + notes.get(field["field"], ""), field["n"], field["missing"], _what(field))
            table.add_row(*map(clean, row))
        output.print(table, markup=False)
    evidence = extraction["evidence"]
    output.print(f"{extraction['id']}: {extraction['planned']:,} agents, {extraction['failed']:,} failed", markup=False)
    worth = f"Evidence grade {evidence['grade']}, effective n {evidence['effective_n']:g}: {evidence['caveat']}"
    output.print(clean(worth), style="yellow", markup=False)


def _notes(extraction: JsonObject) -> dict[str, str]:
    """What is said of a field alike of everybody: which metric a rating is, or why nobody can tell."""
    found: dict[str, set[str]] = {}
    for item in extraction.get("items", ()):
        for field, note in item["notes"].items():
            found.setdefault(field, set()).add(note)
    return {field: f" ({note})" for field, (note, *others) in found.items() if not others}


def _what(field: JsonObject) -> str:
    if field["mean"] is not None:
        deviation = field["standard_deviation"]
        return f"{field['mean']:.3g}" + (f" ± {deviation:.3g}" if deviation is not None else "")
    most = [f"{item['value'][:60]} ({item['count']:,})" for item in field["most_frequent"][:SHOWN]]
    more = field["distinct"] - len(most)
    return " · ".join([*most, *([f"{more:,} more"] if more > 0 else [])]) or "–"


def _print_labels(found: JsonObject) -> None:
    from rich.table import Table

    from services.cli.verdict import clean, console

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("label", "texts", "share"):
        table.add_column(name, justify="left" if name == "label" else "right")
    for label in found["labels"]:
        table.add_row(clean(label["label"]), f"{label['count']:,}", f"{label['share']:.1%}")
    output = console()
    output.print(table, markup=False)
    if found["unassigned"]:
        output.print(f"{found['unassigned']:,} texts are Other because the model left them out.", style="yellow")
    if found["evidence"]:
        evidence = found["evidence"]
        worth = f"Evidence grade {evidence['grade']}, effective n {evidence['effective_n']:g}: {evidence['caveat']}"
        output.print(clean(worth), style="yellow", markup=False)
