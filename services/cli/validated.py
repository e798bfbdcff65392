"""A simulation held against past results of people: every metric of a baseline and the quality card, as one report.

The report fails when one metric or one check does, passes when every metric passes, and is inconclusive else. A metric
that the simulation did not ask, or asked otherwise, is named with the reason and decides nothing.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from libs.client import RehearsalClient
from libs.client.errors import ProblemError
from libs.contracts.base import JsonObject
from libs.contracts.comparisons import BaselineSpec
from services.cli.evidence import COLOURS
from services.cli.exits import Exit, StopError, say
from services.cli.files import body_of, checked, given, save, text_of
from services.cli.output import print_json
from services.cli.own import Source
from services.cli.verdict import clean, console

CONFLICTS = {409, 422}


class Against(NamedTuple):
    """What a simulation is held against: the file of a baseline, or the id of a kept one."""

    baseline: str
    csv: Path | None
    arm: str | None


async def validate(simulation: str, against: Against, out: Path | None, source: Source, *, as_json: bool) -> Exit:
    """Compare every metric of the baseline, look at the quality card, and print or write the report."""
    body = _body(against)
    async with source.connect() as client:
        baseline = await (client.baseline(against.baseline) if body is None else client.add_baseline(body))
        if body is not None:
            say(f"Kept the baseline as {baseline['id']}")
        found: list[JsonObject] = []
        not_compared: dict[str, str] = {}
        for metric in baseline["metrics"]:
            try:
                found.append(await _compare(client, baseline["id"], metric, simulation, against.arm))
            except ProblemError as error:
                if error.status not in CONFLICTS:
                    raise
                not_compared[metric["name"]] = "; ".join(one.message for one in error.errors) or error.detail
        quality = await client.validation_metrics(simulation)
    report: JsonObject = {
        "verdict": verdict_of(found, quality["checks"]),
        "simulation_id": simulation,
        "arm": against.arm,
        "baseline": {name: baseline[name] for name in ("id", "name", "source", "people")},
        "comparisons": found,
        "not_compared": not_compared,
        "quality": quality,
    }
    if out is not None:
        as_text = json.dumps(report, ensure_ascii=False, indent=2) if out.suffix == ".json" else markdown(report)
        save(out, as_text.encode())
    if as_json:
        print_json(report)
    else:
        headline, *rest = markdown(report).splitlines()
        output = console()
        output.print(headline.removeprefix("# "), style=f"bold {COLOURS[report['verdict']]}", markup=False)
        output.print("\n".join(rest), markup=False, highlight=False)
    return Exit.FAILED if report["verdict"] == "fail" else Exit.COMPLETED


def verdict_of(comparisons: Sequence[JsonObject], checks: Sequence[JsonObject]) -> str:
    """That of the whole."""
    verdicts = {one["verdict"] for one in comparisons}
    if "fail" in verdicts or any(check["status"] == "fail" for check in checks):
        return "fail"
    return "pass" if verdicts == {"pass"} else "inconclusive"


def markdown(report: JsonObject) -> str:
    """The report as a text."""
    baseline, quality = report["baseline"], report["quality"]
    arm = f", arm {report['arm']}" if report["arm"] else ""
    lines = [
        f"# Validation of {report['simulation_id']}{arm}: {report['verdict']}",
        "",
        f"Against {baseline['people']:,} people: {baseline['name']} ({baseline['source']}; {baseline['id']}).",
    ]
    for one in report["comparisons"]:
        lines += ["", f"## {one['metric']}: {one['verdict']} (score {one['score']:.3f})", ""]
        lines += [f"- {reason}" for reason in one["reasons"]]
    if report["not_compared"]:
        lines += ["", "## Not compared", ""]
        lines += [f"- {name}: {reason}" for name, reason in report["not_compared"].items()]
    lines += ["", "## Quality of the simulation", ""]
    for check in quality["checks"]:
        lines.append(f"- {check['status'].replace('_', ' ')}: {check['name']} – {check['meaning']}")
    caveats = dict.fromkeys([*(one["caveat"] for one in report["comparisons"]), quality["caveat"]])
    return "\n".join(map(clean, [*lines, "", *caveats, ""]))


def _body(against: Against) -> JsonObject | None:
    """The baseline of a file, checked before any platform is looked for; None of a kept one."""
    file = Path(against.baseline)
    if file.suffix not in {".yaml", ".yml", ".json"} and not file.exists():
        if against.csv is not None:
            raise StopError(Exit.INVALID, "--csv: goes with the file of a baseline, not with a kept one")
        return None
    body = body_of(file)
    if against.csv is not None:
        body["csv"] = text_of(str(against.csv))
    checked(BaselineSpec, body, file)
    return given(body)


async def _compare(
    client: RehearsalClient, baseline_id: str, metric: JsonObject, simulation: str, arm: str | None
) -> JsonObject:
    declared = {name: metric[name] for name in ("name", "type", "scale") if metric[name] is not None}
    simulated = {"simulation_id": simulation, **({"arm": arm} if arm else {})}
    return await client.compare_empirically(
        {"metric": declared, "empirical": {"baseline_id": baseline_id}, "simulated": simulated}
    )
