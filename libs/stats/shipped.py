"""The calibration that comes with the platform: derived from public paired answers of people and simulated twins.

Only parameters are here, no rows; `tools/derive_calibration.py` wrote the file. Which simulator each variant was stands
in it. It says how far such simulators were from people in those studies, and no more.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from libs.stats.calibration import Spread
from libs.stats.shrinkage import Slope

FILE = Path(__file__).with_name("shipped_calibration.json")


@dataclass(frozen=True, slots=True)
class Calibration:
    """What past comparisons of one simulator teach; `effects` and `sd_ratio` are None where there is too little."""

    simulator: str
    bias: Spread
    effects: Slope | None
    sd_ratio: float | None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How the calibration did on studies that were left out, one after the other."""

    held: float
    half_width: float
    naive: float


@dataclass(frozen=True, slots=True)
class Shipped:
    """The shipped calibrations by variant, with source and licence."""

    source: str
    licence: str
    url: str
    borrowed: str
    variants: dict[str, Calibration]
    left_out: dict[str, LeftOut]


@cache
def shipped() -> Shipped:
    """What is shipped. `borrowed` names the variant that stands in for simulators without comparisons of their own."""
    document = json.loads(FILE.read_text(encoding="utf-8"))
    return Shipped(
        source=document["source"],
        licence=document["licence"],
        url=document["url"],
        borrowed=document["borrowed"],
        variants={name: calibration_from(name, given) for name, given in document["variants"].items()},
        left_out={name: LeftOut(**given["left_out"]) for name, given in document["variants"].items()},
    )


def calibration_from(simulator: str, given: dict[str, Any]) -> Calibration:
    """A calibration as it is written down."""
    effects = given["effects"]
    slope = effects and Slope(effects["slope"], effects["standard_error"], Spread(**effects["residual"]))
    return Calibration(simulator, Spread(**given["bias"]), slope, given["sd_ratio"])
