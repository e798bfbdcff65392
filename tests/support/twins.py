"""The public paired answers of people and their simulated twins, where a folder with them is at hand.

The rows are no part of this repository: `REHEARSAL_REFERENCE_DATA`, or `shared/data` beside the checkout, is where they
are. Tests that need them say aloud that they were skipped.
"""

import csv
import os
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pytest

NOT_HERE = "the reference data are not here: set REHEARSAL_REFERENCE_DATA to the folder that has twins/outcomes.csv"


class Outcome(NamedTuple):
    """A question of a study, answered by people and by one variant of the simulator."""

    study: str
    outcome: str
    simulator: str
    human_mean: float
    human_sd: float
    simulated_mean: float
    simulated_sd: float
    human_effect: float | None
    simulated_effect: float | None


def reference_data(*path: str) -> Path:
    """A file of the reference data; the test is skipped where it is not."""
    beside = [folder / "shared" / "data" for folder in Path(__file__).resolve().parents]
    named = os.environ.get("REHEARSAL_REFERENCE_DATA")
    for folder in [Path(named)] if named else beside:
        if (folder.joinpath(*path)).is_file():
            return folder.joinpath(*path)
    pytest.skip(NOT_HERE)


def outcomes_by_simulator() -> dict[str, list[Outcome]]:
    """Every outcome, by the variant of the simulator."""
    with reference_data("twins", "outcomes.csv").open(newline="", encoding="utf-8") as file:
        found = [_outcome(row) for row in csv.DictReader(file)]
    found.sort(key=lambda one: one.simulator)
    return {simulator: list(rows) for simulator, rows in groupby(found, key=lambda one: one.simulator)}


def paired_answers() -> Iterator[tuple[list[float], list[float]]]:
    """What people and their twins answered, outcome by outcome."""
    rows = []
    for name in ("human.csv", "simulated.csv"):
        with reference_data("twins", name).open(newline="", encoding="utf-8") as file:
            rows.append(list(csv.DictReader(file)))
    for column in rows[0][0]:
        if column != "respondent":
            pairs = [
                (float(h[column]), float(s[column])) for h, s in zip(*rows, strict=True) if h[column] and s[column]
            ]
            yield [human for human, _ in pairs], [simulated for _, simulated in pairs]


def _outcome(row: dict[str, str]) -> Outcome:
    numbers = [float(row[name]) for name in ("human_mean", "human_sd", "simulated_mean", "simulated_sd")]
    effects = [float(row[name]) if row[name] else None for name in ("human_effect_d", "simulated_effect_d")]
    return Outcome(row["study"], row["outcome"], row["simulator"], *numbers, *effects)
