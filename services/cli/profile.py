"""`rehearsal profile`: the attributes of a population as a table, a page or plots."""

import re
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from libs.contracts.base import JsonObject
from services.cli.exits import Exit
from services.cli.files import save
from services.cli.output import print_json
from services.cli.own import Source
from services.cli.verdict import clean, console

SHOWN_VALUES = 4
SHOWN_PAIRS = 10


async def show_profile(
    population_id: str,
    segment: str | None,
    compare_with: str | None,
    page: Path | None,
    plots: Path | None,
    source: Source,
    *,
    as_json: bool,
) -> Exit:
    """Print the profile, and write what files were asked for."""
    async with source.connect() as client:
        found = await client.profile(population_id, segment=segment, compare_with=compare_with)
        if page is not None:
            save(page, await client.profile_page(population_id, segment=segment, compare_with=compare_with))
        if plots is not None:
            for name in [name for name in found["links"] if name != "page"]:
                file = f"{re.sub(r'[^A-Za-z0-9_.-]', '_', name)}.svg"
                save(plots / file, await client.plot(population_id, name, segment=segment))
    if as_json:
        print_json(found)
    else:
        _print(found)
    return Exit.COMPLETED


async def compare_populations(first: str, second: str, source: Source, *, as_json: bool) -> Exit:
    """Print how two populations differ."""
    async with source.connect() as client:
        found = await client.compare_populations(first, second)
    if as_json:
        print_json(found)
        return Exit.COMPLETED
    output, sides = console(), [found["first"], found["second"]]
    told = " beside ".join(f"{clean(side['name'])} ({side['size']:,} people)" for side in sides)
    output.print(f"{told}. {found['notice']}", markup=False)
    output.print(_differences("attribute", found["differences"]), markup=False)
    for side, names in (("first", found["only_first"]), ("second", found["only_second"])):
        if names:
            output.print(f"Only the {side} has {clean(', '.join(names))}.", markup=False)
    return Exit.COMPLETED


def _differences(title: str, differences: Sequence[JsonObject]) -> Table:
    table = _table(title, "distance", "difference")
    for difference in differences:
        table.add_row(*map(clean, (difference["name"], *_difference(difference))))
    return table


def _print(found: JsonObject) -> None:
    output = console()
    output.print(f"{clean(found['name'])}: {found['size']:,} people. {found['notice']}", markup=False)
    table = _table("attribute", "n", "spread")
    for attribute in found["attributes"]:
        table.add_row(clean(attribute["name"]), f"{attribute['n']:,}", clean(_spread(attribute)))
    output.print(table, markup=False)
    together = _table("goes together", "measure", "value", "by chance")
    for pair in found["associations"][:SHOWN_PAIRS]:
        measure = pair["measure"].replace("_", " ")
        row = (f"{pair['a']} and {pair['b']}", measure, f"{pair['value']:.2f}", f"{pair['by_chance']:.2f}")
        together.add_row(*map(clean, row))
    output.print(together, markup=False)
    if found["comparison"]:
        comparison = found["comparison"]
        beside = _differences(f"beside {clean(comparison['name'])}", comparison["differences"][:SHOWN_PAIRS])
        output.print(beside, markup=False)


def _table(*names: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, title_justify="left")
    for place, name in enumerate(names):
        table.add_column(name, justify="right" if place and name in {"n", "value", "by chance", "distance"} else "left")
    return table


def _spread(attribute: JsonObject) -> str:
    if attribute["kind"] == "numeric":
        deviation = attribute["standard_deviation"]
        spread = "" if deviation is None else f" ± {deviation:.3g}"
        return f"{attribute['mean']:.3g}{spread}, from {attribute['minimum']:g} to {attribute['maximum']:g}"
    ordered = sorted(attribute["values"], key=lambda value: -value["count"])
    most = [f"{value['value']} {value['share']:.0%}" for value in ordered[:SHOWN_VALUES] if value["count"]]
    more = attribute["distinct"] - len(most)
    return " · ".join([*most, *([f"{more} more"] if more > 0 else [])])


def _difference(difference: JsonObject) -> tuple[str, str]:
    if difference["kind"] == "numeric":
        return f"{difference['kolmogorov_smirnov']:.2f}", f"means differ by {difference['difference']:+.3g}"
    here = {value["value"]: value["share"] for value in difference["values"]}
    there = {value["value"]: value["share"] for value in difference["other_values"]}
    largest = max(here, key=lambda value: abs(here[value] - there.get(value, 0.0)))
    shares = f"{largest} {here[largest]:.0%} here, {there.get(largest, 0.0):.0%} there"
    return f"{difference['total_variation']:.2f}", shares
