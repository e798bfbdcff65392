"""Derives the shipped calibration from a table of past comparisons: python tools/derive_calibration.py OUTCOMES.csv

Reads a row per study, outcome and simulator; writes the parameters of each simulator, and no row, to
libs/stats/shipped_calibration.json. The public table it was made with: twins/outcomes.csv of the reference data.
"""

import dataclasses
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from libs.stats.shipped import FILE
from services.validation.domain.ledger.entries import Entry, entries_in
from services.validation.domain.ledger.fitting import fit, leave_out

SOURCE = "Twin-2K-500 mega-study: people and their language-model twins, arXiv:2509.19088"
URL = "https://github.com/TianyiPeng/Twin-2K-500-Mega-Study"
LICENCE = "Apache-2.0"
BORROWED = "persona_summary"
"""The variant most like our own prompts: a summary of a persona, without a chain of reasoning."""
DIGITS = 6


def main(path: Path) -> None:
    """Read, fit, write."""
    entries = entries_in(path.read_text(encoding="utf-8"), {"simulated_n": "n"}, SOURCE, datetime.now(UTC))
    simulators = sorted({entry.simulator or "" for entry in entries})
    variants = {name: variant(name, [entry for entry in entries if entry.simulator == name]) for name in simulators}
    document = {"source": SOURCE, "url": URL, "licence": LICENCE, "borrowed": BORROWED, "variants": variants}
    FILE.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(variants)} variants of {len(entries)} comparisons in {FILE}\n")


def variant(name: str, entries: list[Entry]) -> dict[str, Any]:
    """The parameters of one simulator."""
    found, left = fit(name, entries), leave_out(entries)
    assert found is not None
    assert left is not None
    parameters = dataclasses.asdict(found) | {"left_out": dataclasses.asdict(left)}
    del parameters["simulator"]
    rounded: dict[str, Any] = json.loads(json.dumps(parameters), parse_float=lambda text: round(float(text), DIGITS))
    return rounded


if __name__ == "__main__":
    main(Path(sys.argv[1]))
