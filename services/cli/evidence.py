"""Comparisons with people, baselines, the ledger and hybrid studies: what is asked, and how the answer is shown."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.table import Table

from libs.client.evidence import Plot
from libs.contracts.base import JsonObject
from libs.contracts.comparisons import BaselineSpec, BehaviourSpec, ComparisonSpec, HumanAnswersSpec, LedgerImport
from services.cli.exits import Exit, StopError, say
from services.cli.files import body_of, checked, given, save, text_of
from services.cli.output import print_json, print_one
from services.cli.own import Source
from services.cli.verdict import clean, console, titled

COLOURS = {"pass": "green", "fail": "red", "inconclusive": "yellow"}
SHOWN = 3
PLOTS: tuple[Plot, ...] = ("bias", "effects", "coverage")


class Addition(NamedTuple):
    """A file of past comparisons."""

    file: Path
    source: str
    columns: Sequence[str]


async def compare(
    file: Path, csv: Path | None, baseline: str | None, simulation: str | None, source: Source, *, as_json: bool
) -> Exit:
    """Compare and print the verdict with its reasons. Fails when the comparison does."""
    body = body_of(file)
    if csv is not None:
        body["empirical"] = {**(body.get("empirical") or {}), "csv": text_of(str(csv))}
    if baseline is not None:
        body["empirical"] = {"baseline_id": baseline}
    if simulation is not None:
        body["simulated"] = {**(body.get("simulated") or {}), "simulation_id": simulation}
    checked(ComparisonSpec, body, file)
    async with source.connect() as client:
        found = await client.compare_empirically(given(body))
    if as_json:
        print_json(found)
    else:
        output = console()
        output.print(f"{found['verdict']} · score {found['score']:.3f} · {clean(found['metric'])}", style=_style(found))
        for reason in found["reasons"]:
            output.print(f"  {clean(reason)}", markup=False)
        output.print(f"{found['id']} · {clean(found['caveat'])}", style="dim", markup=False)
    return Exit.FAILED if found["verdict"] == "fail" else Exit.COMPLETED


async def add_baseline(file: Path, csv: Path | None, source: Source, *, as_json: bool) -> Exit:
    """Keep a baseline; print its id."""
    body = body_of(file)
    if csv is not None:
        body["csv"] = text_of(str(csv))
    checked(BaselineSpec, body, file)
    async with source.connect() as client:
        made = await client.add_baseline(given(body))
    print_one(made, made["id"], as_json=as_json)
    return Exit.COMPLETED


async def list_baselines(limit: int, source: Source, *, as_json: bool) -> Exit:
    """One line a baseline."""
    async with source.connect() as client:
        found = await client.baselines(limit=limit)
    if as_json:
        print_json(found)
        return Exit.COMPLETED
    table = _table("id", "name", "people", "metrics", "source")
    for one in found["items"]:
        metrics = ", ".join(metric["name"] for metric in one["metrics"])
        table.add_row(*map(clean, (one["id"], one["name"], f"{one['people']:,}", metrics, one["source"])))
    console().print(table, markup=False)
    return Exit.COMPLETED


async def show_baseline(baseline_id: str, source: Source) -> Exit:
    """A baseline as JSON."""
    async with source.connect() as client:
        print_json(await client.baseline(baseline_id))
    return Exit.COMPLETED


async def remove_baseline(baseline_id: str, source: Source) -> Exit:
    """Forget a baseline."""
    async with source.connect() as client:
        await client.remove_baseline(baseline_id)
    say(f"Removed {baseline_id}")
    return Exit.COMPLETED


async def show_calibration(
    simulator: str | None,
    addition: Addition | None,
    page: Path | None,
    plots: Path | None,
    source: Source,
    *,
    as_json: bool,
) -> Exit:
    """Add past comparisons if asked, then print what all of them teach, and write what files were asked for."""
    body = _ledger_body(addition) if addition is not None else None
    async with source.connect() as client:
        if body is not None:
            added = await client.import_ledger(body)
            say(f"Added {added['added']:,} outcomes of {', '.join(added['simulators'])}")
        found = await client.calibration(simulator=simulator)
        if page is not None:
            save(page, await client.calibration_page(simulator=simulator))
        for name in PLOTS if plots is not None else ():
            assert plots is not None
            save(plots / f"{name}.svg", await client.calibration_plot(name, simulator=simulator))
    if as_json:
        print_json(found)
    else:
        _print_calibration(found)
    return Exit.COMPLETED


async def add_people(simulation: str, file: Path | None, told: str, source: Source, *, as_json: bool) -> Exit:
    """Add answers of people if there are any, and print the rectified estimates."""
    body = {"csv": text_of(str(file)), "source": told} if file is not None else None
    if body is not None:
        checked(HumanAnswersSpec, body, file)
    async with source.connect() as client:
        found = await (client.human_answers(simulation) if body is None else client.add_human_answers(simulation, body))
    if body is not None:
        say(f"Added {found['added']:,} people; {found['already_there']:,} were there already")
    if as_json:
        print_json(found)
    else:
        _print_estimates(found)
    return Exit.COMPLETED


async def show_behaviour(
    simulation: str,
    spec: JsonObject,
    pairs: tuple[Sequence[str], Sequence[str]],
    source: Source,
    *,
    as_json: bool,
) -> Exit:
    """Print every check of how agents behaved, and the worst turns."""
    body = {**spec, "simulation_id": simulation}
    for name, option, given_pairs in zip(("reverse_keyed", "repeated"), ("--reverse", "--repeat"), pairs, strict=True):
        body[name] = [_pair(option, pair) for pair in given_pairs]
    checked(BehaviourSpec, body)
    async with source.connect() as client:
        found = await client.agent_behaviour(given(body))
    if as_json:
        print_json(found)
    else:
        _print_checks(f"{found['turns']:,} turns of {found['agents']:,} agents, judged by {found['judged_by']}", found)
    return Exit.COMPLETED


async def show_quality(simulation: str, source: Source, *, as_json: bool) -> Exit:
    """Print every check of a quality card; fails when one does."""
    async with source.connect() as client:
        found = await client.validation_metrics(simulation)
    if as_json:
        print_json(found)
    else:
        cost = f"{found['usage']['cost_usd']:.2f} USD"
        _print_checks(f"{found['answered']:,} of {found['assigned']:,} agents answered, {cost}", found)
    return Exit.FAILED if any(check["status"] == "fail" for check in found["checks"]) else Exit.COMPLETED


def _pair(option: str, pair: str) -> tuple[str, str]:
    first, separator, second = pair.partition("=")
    if not separator or not first.strip() or not second.strip():
        raise StopError(Exit.INVALID, f"{option}: {pair!r} is not A=B")
    return first.strip(), second.strip()


def _print_checks(headline: str, found: JsonObject) -> None:
    table = _table("check", "", "value", "passes", "what")
    for check in found["checks"]:
        value = "–" if check["value"] is None else f"{check['value']:.3g}"
        cells = (check["name"], check["status"].replace("_", " "), value, f"{check['threshold']:g}", check["meaning"])
        table.add_row(*map(clean, cells))
    output = console()
    output.print(clean(headline), markup=False)
    output.print(table, markup=False)
    for conduct in found.get("conduct", ()):
        for flaw in conduct["worst"][:SHOWN]:
            said = f"{conduct['check']} {flaw['score']:g} · {flaw['agent_id']}, {flaw['turn']}: {flaw['justification']}"
            output.print(f"  {clean(said)}", markup=False)
    output.print(clean(found["caveat"]), style="dim", markup=False)


def _ledger_body(addition: Addition) -> JsonObject:
    pairs = [pair.partition("=") for pair in addition.columns]
    if wrong := next((ours for ours, separator, theirs in pairs if not separator or not theirs), None):
        raise StopError(Exit.INVALID, f"--column: {wrong!r} is not OURS=THEIRS")
    columns = {ours.strip(): theirs.strip() for ours, _, theirs in pairs}
    body = {"csv": text_of(str(addition.file)), "columns": columns, "source": addition.source}
    checked(LedgerImport, body, addition.file)
    return given(body)


def _style(found: JsonObject) -> str:
    return f"bold {COLOURS[found['verdict']]}"


def _print_calibration(found: JsonObject) -> None:
    table = _table("simulator", "from", "bias", "next outcome", "studies", "worth people", "held", "slope")
    for one in found["items"]:
        bias, (low, high), left, effects = one["bias"], one["interval"], one["left_out"], one["effects"]
        origin = one["source"] if one["variant"] in {None, one["simulator"]} else f"{one['source']} ({one['variant']})"
        cells = (
            one["simulator"],
            origin,
            f"{bias['centre']:+.2f}",
            f"{low:+.2f} to {high:+.2f}",
            f"{bias['studies']}",
            f"{one['worth_people']:.1f}",
            "–" if left is None else f"{left['held']:.0%}",
            "–" if effects is None else f"{effects['slope']:.2f}" + ("" if effects["is_enough"] else " (few)"),
        )
        table.add_row(*map(clean, cells))
    output = console()
    output.print(table, markup=False)
    output.print(
        "Bias: simulated less human mean, in human standard deviations. Next outcome: where it is expected in a study "
        f"not seen before; so wide is what is not known. Shipped: {clean(found['source'])} ({found['licence']}).",
        style="dim",
        markup=False,
    )


def _print_estimates(found: JsonObject) -> None:
    table = _table("metric", "arm", "people", "estimate", "95 % interval", "people alone", "narrower", "worth people")
    for one in found["estimates"]:
        arm = one["arm"] if one["baseline"] is None else f"{one['arm']} – {one['baseline']}"
        intervals = [f"{low:.3g} to {high:.3g}" for low, high in (one["interval"], one["human_interval"])]
        cells = (
            titled(one),
            arm,
            f"{one['n']:,}",
            f"{one['value']:.3g}",
            *intervals,
            f"{one['narrower']:.0%}",
            f"{one['effective_n']:.0f}",
        )
        table.add_row(*map(clean, cells))
    output = console()
    output.print(table, markup=False)
    for told in (*found["advice"], *found["caveats"]):
        output.print(f"  {clean(told)}", style="dim", markup=False)


def _table(*names: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in names:
        table.add_column(name)
    return table
