"""The verdict as a person reads it. Every number stands beside its evidence; text from elsewhere loses its controls."""

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from libs.contracts import names
from libs.contracts.base import JsonObject
from libs.contracts.evidence import Comparison
from libs.contracts.findings import CLEAR, Harm, Way, finding_in_words, harm_of

PLAIN_WIDTH = 132
HARMS: dict[Harm | None, tuple[str, str]] = {
    "shown": (": harm", "bold red"),
    "not_ruled_out": (", harm not ruled out", "bold red"),
    "ruled_out": (", harm ruled out", ""),
    None: ("", ""),
}
WIDE = 120  # from here on an interval stands beside its estimate, not under it


def console() -> Console:
    """Standard output; wide enough for the tables where it is not a terminal."""
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=PLAIN_WIDTH)


def clean(text: object) -> str:
    """Text without control characters: names and answers are written by others and may not move a terminal's cursor."""
    return "".join(letter if letter.isprintable() else " " for letter in str(text if text is not None else ""))


def verdict(analysis: JsonObject, better: Mapping[str, Way], width: int) -> RenderableType:
    """The sentence, the tables, and what the evidence is worth; for consoles of `width` characters.

    `better` says which way is good, of the metrics of which it is said.
    """
    sentence = Panel(Text(clean(analysis["verdict"]), style="bold"), title="Verdict", padding=(1, 2))
    return Group(sentence, *_tables(analysis, better, width), _evidence(analysis))


def side_by_side(found: JsonObject, width: int) -> RenderableType:
    """Arms of several simulations under numbers, which a list explains, and their tables."""
    numbers = {side["label"]: f"#{place}" for place, side in enumerate(found["sides"], 1)}
    sides = Text()
    for side in found["sides"]:
        baseline = ", the baseline" if side["label"] == found["baseline"] else ""
        named = f"{clean(side['name'])}, {clean(side['arm'])} ({clean(side['label'])}), {side['answered']:,} answered"
        sides.append(f"{numbers[side['label']]} {named}{baseline}\n")
    arms = ("arm", "baseline")
    numbered = {
        part: [{**one, **{name: numbers[one[name]] for name in arms if name in one}} for one in found[part]]
        for part in ("estimates", "comparisons")
    }
    return Group(sides, *_tables(numbered, found["better"], width))


def _tables(analysis: JsonObject, better: Mapping[str, Way], width: int) -> list[RenderableType]:
    wrap = "\n" if width < WIDE else " "
    measures = _measures(analysis["estimates"])
    parts: list[RenderableType] = []
    if analysis["estimates"]:
        parts.append(_estimates(analysis["estimates"], wrap))
    if analysis["comparisons"]:
        parts.append(_comparisons(analysis["comparisons"], measures, better, wrap))
    if analysis.get("factor_effects"):
        parts.append(_effects(analysis["factor_effects"], measures, wrap))
    if analysis.get("changes"):
        parts.append(_changes(analysis["changes"], wrap))
    return parts


def simulated(population: JsonObject | None) -> Text:
    """Who the people are, a line for each segment, and what was said of them that drew nobody."""
    lines = Text()
    if population is None:
        return lines
    lines.append(f"{clean(population['name'])}: {population['size']:,} people. ", style="bold")
    known = (population["made"], population["described_as"], population["weights"])
    lines.append(" ".join(map(clean, filter(None, known))) + "\n", style="dim")
    for name, words in (("Who could be drawn", population["eligible"]), ("Margins given", population["margins"])):
        if words:
            lines.append(f"{name}: {clean('; '.join(words))}\n", style="dim")
    for one in population["segments"]:
        told = f": {clean(one['particularities'])}" if one["particularities"] else ""
        lines.append(f"  {clean(one['name'])} ({one['size']:,}){told}\n", style="dim")
        for part in one["not_understood"] or ():
            lines.append(f"  Not understood, so nobody was drawn by it: {clean(part)}\n", style="red")
    lines.rstrip()
    return lines


def _estimates(estimates: list[JsonObject], wrap: str) -> Table:
    """Arms across, metrics down."""
    most = {arm: max(one["n"] for one in estimates if one["arm"] == arm) for arm in _arms(estimates)}
    table = _table("Simulated agents in each arm: estimate [interval]")
    table.add_column("metric")
    for arm, n in most.items():
        table.add_column(Text(f"{_worded(arm)}\nn = {n}"), justify="right")
    for title in dict.fromkeys(map(titled, estimates)):
        row = {one["arm"]: one for one in estimates if titled(one) == title}
        scale = _scale(next(iter(row.values())))
        _add(
            table,
            title + (wrap + scale if scale else ""),
            *(_estimate(row.get(arm), n, wrap) for arm, n in most.items()),
        )
    return table


def _scale(one: JsonObject) -> str:
    if one["measure"] == "mean_rank":
        return "(mean place, 1 is first)"
    return f"({one['scale'][0]:g} to {one['scale'][1]:g})" if one.get("scale") else ""


def _arms(estimates: list[JsonObject]) -> list[str]:
    return list(dict.fromkeys(one["arm"] for one in estimates))


def _table(title: str) -> Table:
    return Table(title=Text(title, "bold"), title_justify="left", box=SIMPLE_HEAD, pad_edge=False)


def _add(table: Table, *cells: str | Text) -> None:
    """A row of texts as they are: in a plain string Rich would read markup."""
    table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in cells))


def _estimate(one: JsonObject | None, most: int, wrap: str) -> str:
    """A cell; how many answered is said where that is not as many as the head of the column says."""
    if one is None or one["value"] is None:
        return "–"
    is_share = one["measure"] == "proportion"
    interval = one["interval"]
    shown = f"{wrap}[{_level(interval[0], is_share)}, {_level(interval[1], is_share)}]" if interval else ""
    fewer = f"{wrap}n = {one['n']}" if one["n"] != most else ""
    return _level(one["value"], is_share) + shown + fewer


def _comparisons(
    comparisons: list[JsonObject], measures: dict[str, str], better: Mapping[str, Way], wrap: str
) -> Table:
    baselines = {_worded(one["baseline"]) for one in comparisons}
    table = _table(f"Differences from {' or '.join(sorted(baselines))}: difference [interval]")
    table.add_column("metric, arm", overflow="fold")
    for name in ("difference", "lift", "adj. p"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("finding", min_width=10)
    table.add_column("grade, eff. n", no_wrap=True)
    for one in comparisons:
        role = "control" if one.get("is_control") else clean(one["role"])
        role = "" if role == "secondary" else f" ({role})"
        against = f" vs {_worded(one['baseline'])}" if len(baselines) > 1 else ""
        _add(
            table,
            f"{titled(one)}{role}:{wrap}{_worded(one['arm'])}{against}",
            _difference(one, wrap, is_share=measures.get(one["metric"], "") == "proportion"),
            "–" if one["relative_lift"] is None else f"{one['relative_lift']:+.0%}",
            _p_value(one["p_adjusted"]),
            _guarded(one, _finding(one, measures.get(one["metric"], "")), better),
            _worth(one),
        )
    return table


def _effects(effects: list[JsonObject], measures: dict[str, str], wrap: str) -> Table:
    table = _table("Main effects, over all levels of the other factors: difference [interval]")
    table.add_column("metric, level", overflow="fold")
    for name in ("difference", "adj. p"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("finding", min_width=10)
    table.add_column("grade, eff. n", no_wrap=True)
    for one in effects:
        levels = _worded(f"{one['factor']} {one['level']} vs {one['reference']}")
        named = f"{titled(one)}:{wrap}{levels}"
        difference = _difference(one, wrap, is_share=measures.get(one["metric"], "") == "proportion")
        _add(
            table,
            named,
            difference,
            _p_value(one["p_adjusted"]),
            _finding(one, measures.get(one["metric"], "")),
            _worth(one),
        )
    return table


def _finding(one: JsonObject, measure: str) -> Text:
    is_clear = one["finding"] in CLEAR
    return Text(clean(finding_in_words(measure, one["finding"])), style="bold green" if is_clear else "dim")


def _guarded(one: JsonObject, finding: Text, better: Mapping[str, Way]) -> Text:
    """The finding, with what is known of the harm to a guardrail."""
    if one["role"] != "guardrail":
        return finding
    harm = harm_of(Comparison.model_validate(one), one["finding"], better.get(one["metric"]))
    words, style = HARMS[harm]
    return Text(f"{finding}{words}", style or finding.style)


def _worth(one: JsonObject) -> str:
    return f"{clean(one['evidence']['grade'])}, {_number(one['evidence']['effective_n'])}"


def _changes(changes: list[JsonObject], wrap: str) -> Table:
    table = _table("Changes from the first to the last time it was asked: change [interval], not corrected")
    table.add_column("metric, arm", overflow="fold")
    for name in ("n", "first", "last", "change"):
        table.add_column(name, justify="right")
    for one in changes:
        is_share = one["measure"] == "proportion"
        ends = [f"{_level(one[end], is_share)} (round {one[f'{end}_round']})" for end in ("first", "last")]
        change = _difference(one, wrap, is_share=is_share)
        _add(table, f"{titled(one)}: {_worded(one['arm'])}", str(one["n"]), *ends, change)
    return table


def _difference(one: JsonObject, wrap: str, *, is_share: bool) -> str:
    if one["difference"] is None:
        return "–"
    interval = one["interval"]
    shown = f"{wrap}[{_change(interval[0], is_share)}, {_change(interval[1], is_share)}]" if interval else ""
    return _change(one["difference"], is_share) + (" pp" if is_share else "") + shown


def _evidence(analysis: JsonObject) -> RenderableType:
    """Each grade's caveat once, and the checks a reader must know of."""
    lines = Text()
    for evidence in _distinct(one["evidence"] for one in [*analysis["comparisons"], *analysis["estimates"]]):
        worth = evidence["effective_n"]
        people = f"worth about {_number(worth)} real people at most" if worth else "worth nothing about real people"
        lines.append(f"Evidence grade {clean(evidence['grade'])}", style="bold yellow")
        lines.append(f", {people}: {clean(evidence['caveat'])}.\n".replace("..", "."))
        lines.append(f"Effective n: {clean(evidence['effective_n_basis'])}.\n".replace("..", "."), style="dim")
    if analysis["sample_ratio"]["is_flagged"]:
        lines.append("The arms lost people unequally: treat every difference with suspicion.\n", style="bold red")
    failed = sum(analysis["failed"].values())
    if failed:
        lines.append(f"{failed} turns failed and count as not answered.\n", style="red")
    if analysis["plan_hash"]:
        frozen = clean(analysis["plan_frozen_at"])[:19].replace("T", " ")
        lines.append(
            f"Plan {clean(analysis['plan_hash'])[:12]}, frozen {frozen} UTC, before the first exposure.", style="dim"
        )
    lines.rstrip()
    return lines


def _distinct(evidences: Iterable[JsonObject]) -> list[JsonObject]:
    """One per grade, the one worth least: its caveat covers the others."""
    least: dict[str, JsonObject] = {}
    for evidence in evidences:
        known = least.get(evidence["grade"])
        if known is None or evidence["effective_n"] < known["effective_n"]:
            least[evidence["grade"]] = evidence
    return list(least.values())


def usage_line(usage: JsonObject) -> str:
    """What a simulation spent."""
    cached = usage.get("cached_calls", 0)
    return f"{usage.get('calls', 0):,} model calls, {cached:,} from the ledger, ${usage.get('cost_usd', 0.0):.4f}"


def _measures(estimates: list[JsonObject]) -> dict[str, str]:
    """What every metric is measured by."""
    return {one["metric"]: one["measure"] for one in estimates}


def titled(one: JsonObject) -> str:
    """A metric, or one option of it, in words."""
    return clean(names.titled(one["metric"], one["option"]))


def _worded(name: str) -> str:
    return clean(names.in_words(name))


def _level(value: float, is_share: bool) -> str:
    return f"{value:.1%}" if is_share else f"{value:,.{_decimals(value)}f}"


def _change(value: float, is_share: bool) -> str:
    return f"{value * 100:+.1f}" if is_share else f"{value:+,.{_decimals(value)}f}"


def _decimals(value: float) -> int:
    """As many as the report shows."""
    return 2 if abs(value) < 10 else 1 if abs(value) < 1_000 else 0


def _p_value(value: float | None) -> str:
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _number(value: Any) -> str:
    return "–" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)
