"""Anchor statements by name, for answers in words that are rated by their likeness to them. `anchors.json` is the data.

Each set says the five steps of a scale in other words, lowest first.
"""

import json
from pathlib import Path

ANCHOR_STEPS = 5
AnchorSets = tuple[tuple[str, ...], ...]


def _load() -> dict[str, AnchorSets]:
    families = json.loads(Path(__file__).with_suffix(".json").read_bytes())["families"]
    return {name: tuple(tuple(statements) for statements in sets) for name, sets in families.items()}


ANCHORS = _load()
