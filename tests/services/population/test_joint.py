"""Published joints, derived odds and assumed rules: how the dimensions of a template go together."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from services.population.domain.associations import COMMON, load_associations
from services.population.domain.joint import Joint
from services.population.domain.raking import Target, rake
from services.population.domain.sampling import Stratum
from services.population.domain.templates import load_templates
from tools.derive_associations import raked, read, rules

TEMPLATES = load_templates()
USA = TEMPLATES["usa_demographics"]
FILES = load_associations()
GSS = FILES["usa"]
JOINT = Joint(USA, FILES)
ROOT = Path(__file__).parents[3]
PLACES = [folder / "shared" / "data" / "usa" / "gss_respondents.csv" for folder in ROOT.parents]


def given(dimension: str, parent: str, value: str, *members: str) -> float:
    """The share of some values among people with one value of another dimension."""
    shares = JOINT.marginal(parent, dimension)
    return sum(shares[value, member] for member in members) / sum(p for (v, _), p in shares.items() if v == value)


def surveyed(stratum: Stratum, name: str) -> list[str]:
    """A drawn dimension in the values that the survey knows."""
    dimension = "age_band" if name == "age" else name
    merged = GSS.merged.get(dimension, {})
    values = [merged.get(value, value) for value in USA.dimensions[dimension].values]
    return [values[code] for code in stratum.codes[dimension]]


def cramers_v(one: Sequence[str], other: Sequence[str]) -> float:
    rows, columns = sorted(set(one)), sorted(set(other))
    table = np.zeros((len(rows), len(columns)))
    for row, column in zip(one, other, strict=True):
        table[rows.index(row), columns.index(column)] += 1 / len(one)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0))
    return math.sqrt(((table - expected) ** 2 / expected).sum() / (min(table.shape) - 1))


def test_what_goes_together_in_the_survey_goes_together_among_the_drawn() -> None:
    stratum = Stratum(JOINT, 5_000, (1,), None, {})
    columns = {name: surveyed(stratum, name) for each in GSS.measured for name in each.pair}
    off = {each.pair: cramers_v(*(columns[name] for name in each.pair)) - each.cramers_v for each in GSS.measured}
    assert len(off) == 91
    assert sum(map(abs, off.values())) / len(off) < 0.04
    tied = {"age", "gender", "race_ethnicity", "education", "employment", "marital_status", "wealth_band"}
    tied |= {"religion", "political_views", "party"}
    published = {frozenset((joint.of, joint.given)) for joint in USA.joints}
    ours = [abs(error) for pair, error in off.items() if set(pair) <= tied and frozenset(pair) not in published]
    assert max(ours) < 0.07


RICH = "over $1.6 million"


@pytest.mark.parametrize(
    ("dimension", "value", "parent", "more", "less"),
    [
        ("party", "Democrat", "race_ethnicity", "Black, not Hispanic", "White, not Hispanic"),
        ("party", "Republican", "political_views", "conservative", "moderate"),
        ("political_views", "liberal", "education", "graduate or professional degree", "high school graduate"),
        ("employment", "retired", "age_band", "75+", "55-64"),
        ("wealth_band", RICH, "education", "bachelor's degree", "less than high school"),
        ("wealth_band", RICH, "age_band", "65-74", "25-34"),
        ("religion", "none", "age_band", "18-24", "75+"),
        ("birthplace", "another country", "race_ethnicity", "Hispanic", "White, not Hispanic"),
        ("military_service", "served", "gender", "male", "female"),
        ("income_band", "$200,000 or more", "wealth_band", RICH, "under $18,000"),
    ],
)
def test_groups_of_americans_differ_as_they_are_known_to(
    dimension: str, value: str, parent: str, more: str, less: str
) -> None:
    assert given(dimension, parent, more, value) > 1.3 * given(dimension, parent, less, value)


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_published_joints_are_met_as_far_as_the_margins_allow(name: str) -> None:
    """They were published for other ages or years than the margin, so each row moves, all of them in one direction."""
    template, joint = TEMPLATES[name], Joint(TEMPLATES[name], FILES)
    for published in template.joints:
        shares = joint.marginal(published.given, published.of)
        for value, row in published.rows.items():
            whole = sum(share for (parent, _), share in shares.items() if parent == value)
            for column, stated in row.items():
                members = template.dimensions[published.of].members(column)
                drawn = sum(shares[value, member] for member in members) / whole
                assert abs(drawn - stated) < 0.08, (published.of, value, column)


def test_education_by_race_keeps_the_published_order_and_odds() -> None:
    degree = USA.dimensions["education"].levels["degree"]
    races = USA.dimensions["race_ethnicity"].values
    share = {race.split(",")[0]: given("education", "race_ethnicity", race, *degree) for race in races}
    assert share["Asian"] > share["White"] > share["Black"] > share["Hispanic"]
    odds = {race: value / (1 - value) for race, value in share.items()}
    published = (0.593 / 0.407) / (0.209 / 0.791)
    assert odds["Asian"] / odds["Hispanic"] == pytest.approx(published, rel=0.15)


def test_margins_that_no_office_publishes_are_those_of_the_derived_file() -> None:
    for name, shares in GSS.margins.items():
        assert USA.dimensions[name].status == "derived"
        assert USA.dimensions[name].shares == shares


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_every_file_of_rules_says_what_it_rests_on_and_fits_the_template(name: str) -> None:
    template = TEMPLATES[name]
    used = [FILES[COMMON], *([FILES[template.associations]] if template.associations else [])]
    for file in used:
        assert file.source
        assert file.licence
        assert file.status == ("assumed" if file is FILES[COMMON] else "derived")
    own = used[-1] if template.associations else None
    for child, own_rules in own.rules.items() if own else ():
        for rule in own_rules:
            parent = "age_band" if rule.parent == "age" else rule.parent
            tables = [*rule.table.items(), *((None, row) for row in rule.steps.values())]
            for value, row in tables:
                assert value is None or value in template.dimensions[parent].shares
                assert set(row) == set(template.dimensions[child].shares)


def test_the_file_is_what_the_script_derives_from_the_rows() -> None:
    rows = next((place for place in PLACES if place.is_file()), None)
    if rows is None:
        pytest.skip(f"the survey's rows are not at {PLACES[0]}")
    columns = read(rows, USA)
    shipped = json.loads(GSS.model_dump_json(exclude_defaults=True))
    derived = raked(columns, USA)
    assert derived["margins"] == shipped["margins"]
    assert derived["measured"] == shipped["measured"]
    for child in ("military_service", "race_ethnicity", "other_language", "party"):
        for rule, other in zip(rules(child, columns), shipped["rules"][child], strict=True):
            assert rule["parent"] == other["parent"]
            for table in ("steps", "table"):
                for value, row in rule.get(table, {}).items():
                    assert other[table][value] == pytest.approx(row, rel=0.01, abs=0.002)


def test_no_row_of_the_survey_ships() -> None:
    assert not list(Path(__file__).parents[3].joinpath("services").rglob("*gss_respondents*"))


def test_raking_meets_margin_and_joint_and_keeps_every_other_odds_ratio() -> None:
    weights, rows = np.array([[1.0, 2.0], [3.0, 1.0], [1.0, 1.0]]), np.array([0.2, 0.3, 0.5])
    groups = np.array([0, 1, 1])
    joint = Target("t", groups, np.array([0, 1]), np.array([[0.75, 0.25], [0.4375, 0.5625]]))
    fitted = rake(weights, rows, np.array([0.5, 0.5]), "t", [joint])
    assert fitted.sum(axis=1) == pytest.approx([1, 1, 1])
    assert rows @ fitted == pytest.approx([0.5, 0.5])
    assert fitted[0] == pytest.approx([0.75, 0.25])
    kept = fitted[1, 0] * fitted[2, 1] / (fitted[1, 1] * fitted[2, 0])
    assert kept == pytest.approx(3.0)


def test_a_margin_that_rules_make_impossible_is_named() -> None:
    with pytest.raises(ValueError, match=r"usa\.work: .* cannot be fitted"):
        rake(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0.5, 0.5]), np.array([0.5, 0.5]), "usa.work")
