"""One outcome of a past comparison: what people answered, what was simulated. Entries are added and never changed."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field

from libs.contracts.base import Data, JsonObject
from libs.contracts.comparisons import MetricDeclaration
from libs.contracts.errors import InvalidError
from libs.contracts.ids import derived_id
from libs.contracts.instruments import MetricType
from services.validation.domain.comparison.model import ComparisonResult, SampleSummary
from services.validation.domain.ledger.figures import RANGES, figures_in
from services.validation.domain.uploads import Table, column_of, read_table

NEEDED = ("study", "outcome", "simulator", "human_mean", "human_sd", "simulated_mean", "simulated_sd")
KNOWN_SOMETIMES = ("human_n", "simulated_n", "human_effect_d", "simulated_effect_d")
CHECKED_BY = ("scale_low", "scale_high", "human_count", "simulated_count")
"""What an imported line may say besides, for its figures to be checked by: nothing is kept of it."""
UNNAMED = "unnamed"
"""The study of comparisons that name none: all of them teach as much as one study does."""
LONGEST_NAME = 120


class Entry(Data):
    """An outcome by a simulator in a study. Effects are standardised differences of arms, where there were arms."""

    id: str
    study: str
    outcome: str
    simulator: str | None = Field(description="Null: nobody said what made the answers; it calibrates nothing.")
    human_mean: float | None
    human_sd: float | None
    human_n: int | None
    simulated_mean: float | None
    simulated_sd: float | None
    simulated_n: int | None
    human_effect: float | None
    simulated_effect: float | None
    origin: Literal["comparison", "import", "hybrid"]
    source: str
    recorded_at: datetime

    @property
    def bias(self) -> float | None:
        """Simulated less human mean, in human standard deviations; None where people did not differ."""
        if self.human_mean is None or self.simulated_mean is None or not self.human_sd:
            return None
        return (self.simulated_mean - self.human_mean) / self.human_sd


def entries_in(text: str, columns: Mapping[str, str], source: str, now: datetime) -> list[Entry]:
    """The entries of an imported file. Raises `InvalidError` naming row and column."""
    table = read_table(text)
    known = (*NEEDED, *KNOWN_SOMETIMES, *CHECKED_BY)
    unknown = sorted(set(columns) - set(known))
    if unknown:
        raise InvalidError("columns", f"{unknown[0]!r} is no column of a ledger", known)
    optional = [name for name in (*KNOWN_SOMETIMES, *CHECKED_BY) if name in columns or name in table]
    cells = {name: column_of(table, columns.get(name, name), "columns") for name in (*NEEDED, *optional)}
    return [_entry(cells, place, source, now) for place in range(len(cells["study"]))]


def entries_of(
    result: ComparisonResult, metric: MetricDeclaration, study: str | None, simulator: str | None, now: datetime
) -> list[Entry]:
    """What a comparison adds: its mean; of a choice or ranking the share of each option (as first)."""
    known = {"study": study or UNNAMED, "simulator": simulator, "origin": "comparison", "recorded_at": now}
    return [
        entry_from({**known, "source": "empirical-compare", "outcome": outcome, **numbers})
        for outcome, numbers in _outcomes(result, metric)
    ]


def entry_from(fields: JsonObject) -> Entry:
    """An entry under the id that the same figures always have: what was compared before is not counted again."""
    empty = dict.fromkeys(
        (
            "human_mean",
            "human_sd",
            "human_n",
            "simulated_mean",
            "simulated_sd",
            "simulated_n",
            "human_effect",
            "simulated_effect",
        )
    )
    whole = {**empty, **fields}
    what = [whole[name] for name in ("study", "outcome", "simulator", *empty)]
    return Entry(id=f"led_{derived_id('ledger', *what).hex}", **whole)


def _outcomes(result: ComparisonResult, metric: MetricDeclaration) -> Iterator[tuple[str, JsonObject]]:
    people, agents = result.human, result.simulated
    if metric.type is MetricType.TEXT or not people.n or not agents.n:
        return
    sizes = {"human_n": people.n, "simulated_n": agents.n}
    if people.shares is None or agents.shares is None or metric.type in {MetricType.BINARY, MetricType.ORDINAL}:
        yield metric.name, {**sizes, **_moments("human", people), **_moments("simulated", agents)}
        return
    for option, share in people.shares.items():
        own = agents.shares[option]
        numbers = {
            "human_mean": share,
            "human_sd": _sd_of_share(share, people.n),
            "simulated_mean": own,
            "simulated_sd": _sd_of_share(own, agents.n),
        }
        yield f"{metric.name}: {option}", {**sizes, **numbers}


def _sd_of_share(share: float, n: int) -> float | None:
    """√(p (1 - p) n / (n - 1)), the sample SD of n answers that are this option or not, as of any other metric."""
    return math.sqrt(share * (1 - share) * n / (n - 1)) if n > 1 else None


def _moments(of: str, sample: SampleSummary) -> JsonObject:
    return {f"{of}_mean": sample.mean, f"{of}_sd": sample.standard_deviation}


def _entry(cells: Table, place: int, source: str, now: datetime) -> Entry:
    row = place + 2
    words = {name: cells[name][place].strip()[:LONGEST_NAME] for name in ("study", "outcome", "simulator")}
    for name, word in words.items():
        if not word:
            raise InvalidError("csv", f"row {row} has no {name}")
    for name in NEEDED[3:]:
        if not cells[name][place].strip():
            raise InvalidError("csv", f"row {row} has no {name}", (RANGES[name].said,))
    found = figures_in({name: column[place] for name, column in cells.items() if name in RANGES}, row)
    means = {name: found[name] for name in NEEDED[3:]}
    sizes = {name: int(found[name]) if name in found else None for name in ("human_n", "simulated_n")}
    effects = {f"{of}_effect": found.get(f"{of}_effect_d") for of in ("human", "simulated")}
    origin: JsonObject = {"origin": "import", "source": source, "recorded_at": now}
    return entry_from({**words, **means, **sizes, **effects, **origin})


def by_study(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """Entries by study, in the order of the names."""
    studies: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=lambda one: (one.study, one.outcome, one.id)):
        studies.setdefault(entry.study, []).append(entry)
    return studies
