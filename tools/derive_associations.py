"""Derives data/associations/usa.json from rows of the General Social Survey; the rows themselves do not ship.

    python -m tools.derive_associations ../shared/data/usa/gss_respondents.csv

For every dimension it fits a multinomial logit on the dimensions it hangs on, with a small ridge so that a value few
people have gets no extreme odds. What ships is the odds; the drawn margins are the template's. For dimensions that no
official source publishes, the rows are raked to the official margins and give the margin too.
"""

import csv
import json
import re
import sys
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from libs.contracts.demographics import Template
from libs.stats.weighting import Margin, rake
from services.population.domain.associations import FOLDER
from services.population.domain.draws import largest_remainder
from services.population.domain.templates import load_templates

OUTPUT = FOLDER / "usa.json"
RIDGE = 2.0
Codes: TypeAlias = NDArray[np.intp]
Columns: TypeAlias = dict[str, list[str]]
WORK = {
    "Working full time": "employed full-time",
    "With a job, but not at work because of temporary illness, vacation, strike": "employed full-time",
    "Working part time": "employed part-time",
    "Unemployed, laid off, looking for work": "unemployed",
    "Retired": "retired",
    "In school": "student",
    "Keeping house": "homemaker",
    "Other": "unable to work",
}
SCHOOL = {
    "Less than high school": "less than high school",
    "High school": "high school graduate",
    "Associate/junior college": "associate's degree",
    "Bachelor's": "bachelor's degree",
    "Graduate": "graduate or professional degree",
}
POOREST, RICHEST = "under $18,000", "$615,000 to $1.6 million"
WEALTH = {
    "Less than $5,000": POOREST,
    "$5,000 to $20,000": "$18,000 to $176,999",
    "$20,000 to $40,000": "$18,000 to $176,999",
    "$40,000 to $75,000": "$177,000 to $614,999",
}
VIEWS = {
    "Extremely liberal": "liberal",
    "Liberal": "liberal",
    "Slightly liberal": "slightly liberal",
    "Moderate, middle of the road": "moderate",
    "Slightly conservative": "slightly conservative",
    "Conservative": "conservative",
    "Extremely conservative": "conservative",
}
PARTY = {
    "Strong democrat": "Democrat",
    "Not very strong democrat": "Democrat",
    "Independent, close to democrat": "leans Democratic",
    "Independent (neither, no response)": "independent",
    "Other party": "another party",
    "Independent, close to republican": "leans Republican",
    "Strong republican": "Republican",
    "Not very strong republican": "Republican",
}
RELIGION = {
    "Protestant": "Protestant",
    "Catholic": "Catholic",
    "Christian": "another Christian faith",
    "Orthodox-Christian": "another Christian faith",
    "Inter-nondenominational": "another Christian faith",
    "Jewish": "Jewish",
    "None": "none",
}
OTHER_RELIGION = "another religion"
RACE = {"White": "White, not Hispanic", "Black": "Black, not Hispanic", "Other": "other"}
TOGETHER: dict[str, dict[str, str]] = {
    "race_ethnicity": dict.fromkeys(("Hispanic", "Asian, not Hispanic", "another or several, not Hispanic"), "other"),
    "education": {"some college, no degree": "high school graduate"},
    "employment": {"self-employed": "employed full-time"},
    "wealth_band": {"nothing or debts": POOREST, "over $1.6 million": RICHEST},
}
"""The template's values that are one value to the survey."""
STATES = {
    "Northeast": "CT ME MA NH RI VT NJ NY PA",
    "Midwest": "IL IN MI OH WI IA KS MN MO NE ND SD",
    "South": "DE FL GA MD NC SC VA DC WV AL KY MS TN AR LA OK TX",
    "West": "AZ CO ID MT NV NM UT WY AK CA HI OR WA",
}
REGION = {state: region for region, states in STATES.items() for state in states.split()}
HANGS_ON: dict[str, tuple[str, ...]] = {
    "race_ethnicity": ("age", "region"),
    "birthplace": ("race_ethnicity", "age"),
    "other_language": ("race_ethnicity", "birthplace", "age", "region"),
    "education": ("age", "gender", "race_ethnicity", "birthplace"),
    "employment": ("age", "gender", "education"),
    "marital_status": ("age", "gender", "race_ethnicity"),
    "wealth_band": ("age", "education", "employment", "marital_status", "race_ethnicity"),
    "military_service": ("age", "gender"),
    "religion": ("age", "race_ethnicity", "region", "birthplace"),
    "political_views": ("age", "gender", "race_ethnicity", "religion", "education"),
    "party": ("political_views", "race_ethnicity", "religion", "education"),
}
OFFICIAL = ("age", "gender", "race_ethnicity", "region", "education", "employment", "marital_status")
DERIVED = ("other_language", "religion", "political_views", "party")


def main() -> None:
    """Read the rows, fit, and write the file of rules."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m tools.derive_associations GSS_RESPONDENTS.csv")
    template = load_templates()["usa_demographics"]
    columns = read(Path(sys.argv[1]), template)
    document = derive(columns, template)
    text = json.dumps(document, indent=1, ensure_ascii=False)
    rows = re.sub(r"\{[^{}]*\}|\[\s+\"[^\[\]{}]*\]", lambda found: " ".join(found[0].split()), text)
    OUTPUT.write_text(rows + "\n", "utf-8")
    print(json.dumps(document["margins"], indent=1))  # noqa: T201 - the template states them: compare


def read(path: Path, template: Template) -> Columns:
    """The rows in the template's words, one list per dimension."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    bands = {age: band for band, (first, last) in template.ages.items() for age in range(first, last + 1)}
    return {
        "age": [bands[min(int(row["age"]), max(bands))] for row in rows],
        "gender": [row["sex"].lower() for row in rows],
        "race_ethnicity": [RACE[row["race"]] for row in rows],
        "region": [REGION[row["state"]] for row in rows],
        "birthplace": ["United States" if row["born_in_us"] == "Yes" else "another country" for row in rows],
        "other_language": [row["speak_other_language"].lower() for row in rows],
        "education": [SCHOOL[row["highest_degree_received"]] for row in rows],
        "employment": [WORK[row["work_status"]] for row in rows],
        "marital_status": [row["marital_status"].lower() for row in rows],
        "wealth_band": [WEALTH.get(row["total_wealth"], RICHEST) for row in rows],
        "military_service": ["none" if row["military_service_duration"].startswith("No") else "served" for row in rows],
        "religion": [RELIGION.get(row["religion"], OTHER_RELIGION) for row in rows],
        "political_views": [VIEWS[row["political_views"]] for row in rows],
        "party": [PARTY[row["party_identification"]] for row in rows],
    }


def derive(columns: Columns, template: Template) -> dict[str, Any]:
    """The file of rules as a document."""
    return {
        "status": "derived",
        "source": "General Social Survey (NORC), respondents of joonspk-research/genagents, populations/gss_agents",
        "year": 2022,
        "licence": "MIT (genagents); General Social Survey data are free to use",
        "note": NOTE.format(n=len(columns["age"])),
        "rules": {name: rules(name, columns) for name in HANGS_ON},
        "merged": TOGETHER,
        **raked(columns, template),
    }


def raked(columns: Columns, template: Template) -> dict[str, Any]:
    """What the rows say once they are raked to the official margins."""
    weights = rake([_margin(name, columns[name], template) for name in OFFICIAL]).weights
    return {
        "margins": {name: _shares(columns[name], weights) for name in DERIVED},
        "measured": [
            {"pair": [one, other], "cramers_v": round(cramers_v(columns[one], columns[other], weights), 3)}
            for one, other in combinations(columns, 2)
        ],
    }


NOTE = (
    "Odds from multinomial logits with main effects, fitted to {n} adults (ridge 2); steps start at the given age. The"
    " source does not name the wave; the number of respondents is that of 2022. Unweighted rows: margins of `margins`"
    " are raked to the official ones first. The survey knows White, Black and other: the other three groups share the"
    " odds of its 'other'. 'Some college' shares those of high school, self-employed those of full-time work. The"
    " survey's amounts of wealth are far below the official ones, and above $150,000 nearly all of people in work: only"
    " their order is used, as four groups of about a quarter. `measured` holds Cramer's V of the raked rows, with"
    " values of `merged` put together."
)


def rules(name: str, columns: Columns) -> list[dict[str, Any]]:
    """The rules of one dimension, one for each that it hangs on."""
    return [_rule(name, parent, table) for parent, table in fit(name, columns).items()]


def fit(name: str, columns: Columns) -> dict[str, dict[str, dict[str, float]]]:
    """The odds of every value of a dimension by parent and parent's value, relative to their geometric mean."""
    parents = HANGS_ON[name]
    values, codes = _coded(columns[name])
    coded = {parent: _coded(columns[parent]) for parent in parents}
    blocks = [np.eye(len(known))[places] for known, places in coded.values()]
    design = np.hstack([np.ones((len(codes), 1)), *blocks])
    effects = _logit(design, codes, len(values))
    found, start = {}, 1
    for parent, (known, _) in coded.items():
        block = effects[start : start + len(known)]
        block = block - block.mean(axis=0) - (block - block.mean(axis=0)).mean(axis=1, keepdims=True)
        found[parent] = {
            parent_value: {value: round(float(np.exp(effect)), 3) for value, effect in zip(values, row, strict=True)}
            for parent_value, row in zip(known, block, strict=True)
        }
        start += len(known)
    return found


def _logit(design: NDArray[np.float64], codes: Codes, values: int) -> NDArray[np.float64]:
    """Coefficients (columns of the design by values) of a multinomial logit; the constant alone is not shrunk."""
    taken = np.eye(values)[codes]
    shrunk = np.ones((design.shape[1], 1))
    shrunk[0] = 0.0

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        effects = flat.reshape(design.shape[1], values)
        scores = design @ effects
        scores -= scores.max(axis=1, keepdims=True)
        chances = np.exp(scores)
        chances /= chances.sum(axis=1, keepdims=True)
        likelihood = np.log(chances[np.arange(len(codes)), codes]).sum()
        slope = design.T @ (chances - taken) + RIDGE * shrunk * effects
        return float(-likelihood + RIDGE / 2 * (shrunk * effects**2).sum()), slope.reshape(-1)

    start = np.zeros(design.shape[1] * values)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 2_000, "gtol": 1e-6, "ftol": 1e-12})
    return np.asarray(found.x).reshape(design.shape[1], values)


def _rule(name: str, parent: str, table: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """A table of odds as a rule: values that the survey puts together share their odds."""

    def apart(of: str, row: Mapping[str, Any]) -> dict[str, Any]:
        hidden = {(key, value) for value, key in TOGETHER.get(of, {}).items()}
        shown = {(key, key) for key in row if key != "other" or of != "race_ethnicity"}
        return {value: row[key] for key, value in sorted(shown | hidden) if key in row}

    rows = {key: apart(name, row) for key, row in table.items()}
    if parent == "age":
        return {"parent": "age", "steps": {key[:2]: row for key, row in sorted(rows.items())}}
    return {"parent": parent, "table": apart(parent, rows)}


def _margin(name: str, column: Sequence[str], template: Template) -> Margin:
    """An official margin over the classes that the survey knows."""
    dimension = template.dimensions["age_band" if name == "age" else name]
    together = TOGETHER.get(name, {})
    known = sorted(set(column))
    shares = np.zeros(len(known))
    for value, share in dimension.shares.items():
        shares[known.index(together.get(value, value))] += share
    return Margin(name, np.array([known.index(value) for value in column]), shares)


def _shares(column: Sequence[str], weights: NDArray[np.float64]) -> dict[str, float]:
    values, codes = _coded(column)
    shares = np.bincount(codes, weights=weights) / weights.sum()
    thousandths = largest_remainder(shares.tolist(), 1_000)
    return {value: share / 1_000 for value, share in zip(values, thousandths, strict=True)}


def cramers_v(one: Sequence[str], other: Sequence[str], weights: NDArray[np.float64]) -> float:
    """Cramer's V of two weighted columns."""
    (rows, row_codes), (columns, column_codes) = _coded(one), _coded(other)
    table = np.zeros((len(rows), len(columns)))
    np.add.at(table, (row_codes, column_codes), weights / weights.sum())
    expected = np.outer(table.sum(axis=1), table.sum(axis=0))
    return float(np.sqrt(((table - expected) ** 2 / expected).sum() / (min(table.shape) - 1)))


def _coded(column: Sequence[str]) -> tuple[list[str], Codes]:
    values = sorted(set(column))
    places = {value: place for place, value in enumerate(values)}
    return values, np.array([places[value] for value in column])


if __name__ == "__main__":
    main()
