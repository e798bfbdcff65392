"""`rehearsal estimate`: what a study takes before it runs, as a table with what every figure rests on."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from libs.client import ProblemError
from libs.contracts.base import JsonObject
from libs.contracts.estimates import Estimate
from libs.contracts.planning import Power, PowerScreen
from libs.contracts.ranges import Range
from libs.contracts.specs import Engine
from libs.studies import resolved
from services.cli.exits import Exit, StopError, refusal, say
from services.cli.output import print_json
from services.cli.own import Source
from services.cli.study import InvalidStudyError, load
from services.cli.verdict import console

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class EstimateOptions:
    """What the command line says about an estimate."""

    seed: int | None
    model: str | None
    engine: Engine | None
    as_json: bool


async def estimate_study(path: Path, source: Source, options: EstimateOptions) -> Exit:
    """Print what a study takes; nothing runs and no model is called."""
    try:
        study = load(path)
    except InvalidStudyError as error:
        raise StopError(Exit.INVALID, str(error)) from error
    spec = resolved(study.spec, options.seed, options.model, options.engine)
    for warning in study.odd:
        say(warning)
    async with source.connect() as client:
        try:
            answer = await client.estimate(spec)
        except ProblemError as error:
            raise StopError(Exit.REFUSED, "\n".join([refusal(error), *study.lines(error.errors)])) from error
    if options.as_json:
        print_json(answer)
    else:
        show(Estimate.model_validate(answer), spec.name, console())
    return Exit.COMPLETED


def show(estimate: Estimate, name: str, output: Console) -> None:
    """The table."""
    output.print(Text(f"{name}: {estimate.people} people, {estimate.turns} turns with {estimate.model}", style="bold"))
    table = Table("", "low", "likely", "high", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for label, figure, form in (
        ("calls", estimate.calls, "{:,.0f}"),
        ("prompt tokens", estimate.prompt_tokens, "{:,.0f}"),
        ("completion tokens", estimate.completion_tokens, "{:,.0f}"),
        ("USD", estimate.cost_usd, "{:,.2f}"),
        ("seconds", estimate.seconds, "{:,.0f}"),
    ):
        table.add_row(label, *_cells(figure, form))
    output.print(table)
    if estimate.power is not None:
        _show_power(estimate.power, output)
    for ground in estimate.rests_on:
        output.print(Text(f"{ground.figure.replace('_', ' ')} ({ground.kind}): {ground.says}", style="dim"))


def _show_power(power: PowerScreen, output: Console) -> None:
    table = Table("metric", "role", "worth finding", "people in an arm", "power", "needed for 80 %", box=None)
    for one in power.metrics:
        chance = UNKNOWN if one.power is None else f"{one.power:.0%}"
        needed = UNKNOWN if one.needed_n is None else f"{one.needed_n:,} in each arm"
        table.add_row(Text(one.metric), one.role, f"{one.mde:g} {_unit(one)}", f"{one.n:,}", chance, needed)
    output.print(table)
    for warning in power.warnings:
        output.print(Text(warning, style="yellow"))


def said_of_power(estimate: JsonObject | None) -> tuple[str, ...]:
    """What a runner is told before anybody is asked: how likely the primary effect is found."""
    power = _power_of(estimate)
    if power is None:
        return ()
    primary = (one for one in power.metrics if one.role == "primary" and one.power is not None)
    return power.warnings or tuple(
        f"The power to find an effect of {one.mde:g} {_unit(one)} in {one.metric} is {one.power:.0%}."
        for one in primary
    )


def too_little_power(estimate: JsonObject | None) -> tuple[str, ...]:
    """What a reader of the verdict is told, where the study could hardly find what it was made for."""
    power = _power_of(estimate)
    return power.warnings if power is not None and power.metrics else ()


def _power_of(estimate: JsonObject | None) -> PowerScreen | None:
    told = estimate and estimate.get("power")
    return PowerScreen.model_validate(told) if told else None


def _unit(one: Power) -> str:
    return "of a share" if one.unit == "share" else "standard deviations"


def held_against(estimate: JsonObject, usage: JsonObject) -> str:
    """What was estimated beside what was used; what the ledger gave for nothing is not in the latter."""
    if usage["cached_calls"]:
        return f"Estimated {_span(estimate['calls'])} calls; the ledger knew {usage['cached_calls']:,} of them."
    parts = (
        f"{_span(estimate[name])} {name.replace('_', ' ')} (took {usage[name]:,})"
        for name in ("calls", "prompt_tokens", "completion_tokens")
    )
    return f"Estimated {', '.join(parts)}"


def _span(figure: JsonObject) -> str:
    low, high = f"{figure['low']:,.0f}", f"{figure['high']:,.0f}"
    return low if low == high else f"{low}-{high}"


def _cells(figure: Range | None, form: str) -> tuple[str, str, str]:
    if figure is None:
        return UNKNOWN, UNKNOWN, UNKNOWN
    return form.format(figure.low), form.format(figure.likely), form.format(figure.high)
