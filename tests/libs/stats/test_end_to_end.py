"""`python -m bench end_to_end` in a small form: what the platform serves of studies whose truth is known.

From drawn people over prompts and replies to the analysis, by the functions of the services. Bounds are the 99.9 %
range of a binomial count, as in test_long_run.py. The full form and its figures: docs/benchmarks.md.
"""

import asyncio
import math
from dataclasses import replace

import pytest

from bench.conducting import Pool
from bench.end_to_end import FORMS, POOL, Tally, coverage, peeking, rejections, with_effect, without_effect

RUNS, LOOKED_AT = 16, 8
SMALL = {form.name: replace(form, sample=form.sample // 2) for form in FORMS}
CONDUCTED = ("between", "groups of four")
pytestmark = pytest.mark.timeout(300)


def most(rate: float, runs: int) -> float:
    return rate + 3.29 * math.sqrt(rate * (1 - rate) / runs)


@pytest.fixture(scope="module")
def pool() -> Pool:
    segments = [one.model_copy(update={"size": 200}) for one in POOL.segments]
    return Pool(POOL.model_copy(update={"size": 600, "segments": segments}), 1)


@pytest.fixture(scope="module", params=CONDUCTED)
def found(pool: Pool, request: pytest.FixtureRequest) -> Tally:
    return asyncio.run(rejections(pool, SMALL[request.param], RUNS))


def test_the_platform_rarely_finds_an_effect_that_is_not_there(found: Tally) -> None:
    rates = found.rates()
    assert len(rates) > 20
    assert {name for name, rate in rates.items() if rate > most(0.05, RUNS)} == set()
    assert 0 < sum(rates.values()) / len(rates) < 0.1


@pytest.mark.parametrize("form", CONDUCTED)
def test_what_it_serves_as_an_interval_holds_the_truth(pool: Pool, form: str) -> None:
    rates = asyncio.run(coverage(pool, SMALL[form], RUNS, first_seed=1_000)).rates()
    assert len(rates) > 20
    assert {name for name, rate in rates.items() if 1 - rate > most(0.05, RUNS)} == set()


def test_looking_at_the_monitor_all_the_time_finds_no_more(pool: Pool) -> None:
    assert asyncio.run(peeking(pool, LOOKED_AT, 200)).rates()["any metric"] <= most(0.05, LOOKED_AT)


@pytest.mark.parametrize("form", list(SMALL))
def test_a_study_is_made_as_it_was_designed(pool: Pool, form: str) -> None:
    asked = SMALL[form]
    conducted = asyncio.run(pool.conduct(without_effect(pool, asked), 1, asked.heard))
    arms = 3 if asked.is_within else 1
    assert len(conducted.turns) == asked.sample * arms * asked.contacts
    assert all(turn.is_answered for turn in conducted.turns)
    assert sum(conducted.analysis.answered.values()) == asked.sample * arms
    clusters = max(one.evidence.clusters for one in conducted.analysis.comparisons)
    assert clusters == {"groups of four": asked.sample * 2 // 3 // 4}.get(
        form, asked.sample if asked.is_within else asked.sample * 2 // 3
    )


def test_the_same_seed_makes_the_same_study(pool: Pool) -> None:
    made = with_effect(pool, SMALL["within"])
    first, again, other = (asyncio.run(pool.conduct(made, seed)) for seed in (7, 7, 8))
    assert first.analysis == again.analysis
    assert first.analysis != other.analysis
