"""What an estimate is worth: grade C, unless past comparisons (B) or answers of people (A) say more."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from libs.contracts.evidence import Analysis
from libs.contracts.validation import (
    CalibrationChanged,
    CalibrationParameters,
    EffectParameters,
    RectifiedEstimate,
    SimulationRectified,
)
from services.results.domain.grading import Graded, Standing, grade
from services.results.domain.records import Study
from tests.services.results import build
from tests.services.results.scene import SIMULATION, Scene, campaign, story
from tests.services.results.told import analyse, describe
from tests.support.apps import eventually


def spread(studies: int = 12, centre: float = 0.1) -> CalibrationParameters:
    return CalibrationParameters(
        centre=centre,
        between_variance=0.05,
        within_variance=0.04,
        studies=studies,
        outcomes=studies * 5,
        outcomes_per_study=5.0,
        is_centred=False,
    )


def calibration(*, is_enough: bool = True, effects: bool = True, simulator: str = "some-model") -> CalibrationChanged:
    residual = spread(centre=0.0).model_copy(update={"is_centred": True})
    return CalibrationChanged(
        calibration_id="cal_1",
        simulator=simulator,
        bias=spread(),
        effects=EffectParameters(slope=0.5, standard_error=0.1, residual=residual) if effects else None,
        human_sd_ratio=1.25,
        is_enough=is_enough,
        changed_at=build.START,
    )


def rectified(revision: int = 1, **fields: Any) -> SimulationRectified:
    given = {
        "metric": "open_rate",
        "option": None,
        "arm": "rational_appeal",
        "baseline": "emotional_appeal",
        "value": 0.05,
        "standard_error": 0.04,
        "interval": (-0.03, 0.13),
        "confidence_level": 0.95,
        "human_value": 0.04,
        "human_interval": (-0.06, 0.14),
        "n": 80,
        "simulated_n": 125,
        "weight": 0.4,
        "correlation": 0.3,
        "effective_n": 88.0,
        "narrower": 0.05,
        "people_for_half": None,
        "agents_help": None,
        "method": "PPI++",
        **fields,
    }
    return SimulationRectified(
        simulation_id=SIMULATION,
        revision=revision,
        people=160,
        source="panel",
        estimates=(RectifiedEstimate.model_validate(given),),
        caveats=(),
        rectified_at=build.START,
    )


def graded(standing: Standing, *, model: str = "some-model") -> tuple[Study, Analysis, Graded]:
    study, turns = build.campaign()
    study, turns = replace(study, model=model), [replace(turn, model=model) for turn in turns]
    analysis, description = analyse(study, turns), describe(study, turns)
    return study, analysis, grade(study, analysis, description, standing)


def grades(found: Graded) -> Mapping[str, set[str]]:
    return {
        "estimates": {e.evidence.grade for e in found.analysis.estimates},
        "comparisons": {c.evidence.grade for c in found.analysis.comparisons},
    }


@pytest.mark.parametrize(
    "standing",
    [Standing(), Standing(calibration(is_enough=False))],
    ids=["nothing is known", "too few studies"],
)
def test_without_enough_to_go_by_everything_stays_as_it_was_made(standing: Standing) -> None:
    _, analysis, found = graded(standing)
    assert found.analysis == analysis
    assert found.description.evidence.grade == "C"


def test_a_calibrated_simulator_says_where_people_may_be_and_its_interval_is_the_wider_one() -> None:
    _, analysis, found = graded(Standing(calibration()))
    assert grades(found) == {"estimates": {"B"}, "comparisons": {"B"}}
    for before, after in zip(analysis.estimates, found.analysis.estimates, strict=True):
        assert (after.value, after.interval) == (before.value, before.interval)
        assert before.interval is not None
        assert after.about_people is not None
        (low, high), (start, end) = before.interval, after.about_people.interval
        assert end - start > high - low
        assert after.evidence.effective_n < 20
        assert "12 studies" in after.evidence.effective_n_basis
    assert "calibrated on past comparisons" in found.analysis.verdict
    assert "among people" in found.analysis.verdict


def test_a_calibrated_proportion_stays_between_nothing_and_everybody() -> None:
    _, _, found = graded(Standing(calibration()))
    shares = [e.about_people for e in found.analysis.estimates if e.measure == "proportion"]
    assert shares
    assert all(one is not None and 0 <= one.interval[0] <= one.value <= one.interval[1] <= 1 for one in shares)


def test_effects_are_shrunk_as_past_ones_were_and_stay_uncalibrated_where_nothing_was_learnt_of_them() -> None:
    _, _, found = graded(Standing(calibration()))
    lead = next(c for c in found.analysis.comparisons if c.metric == "open_rate")
    assert lead.difference is not None
    assert lead.about_people is not None
    assert lead.about_people.value == pytest.approx(lead.difference * 0.5 * 1.25)
    _, _, found = graded(Standing(calibration(effects=False)))
    assert grades(found) == {"estimates": {"B"}, "comparisons": {"C"}}
    assert found.description.evidence.grade == "C"


def test_answers_of_people_outrank_a_calibration_and_change_only_what_they_are_about() -> None:
    _, _, found = graded(Standing(calibration(), rectified()))
    lead = next(c for c in found.analysis.comparisons if c.metric == "open_rate")
    assert (lead.evidence.grade, lead.evidence.effective_n) == ("A", 88.0)
    assert lead.about_people is not None
    assert lead.about_people.interval == (-0.03, 0.13)
    others = [c for c in found.analysis.comparisons if c.metric != "open_rate"]
    assert {c.evidence.grade for c in others} == {"B"}


def test_what_people_were_not_asked_takes_no_grade_from_what_they_were() -> None:
    instruments = [build.instrument("open", role="primary")]
    study = build.study(build.plan(("a", "b", "c", "aa"), instruments, dict.fromkeys(("a", "b", "c", "aa"), 30)))
    assert study.plan is not None
    arms = [arm.model_copy(update={"copy_of": "a" if arm.name == "aa" else None}) for arm in study.plan.arms]
    study = replace(study, plan=study.plan.model_copy(update={"arms": tuple(arms)}))
    turns = [build.turn(n, ("a", "b", "c", "aa")[n % 4], {"open": n % 3 == 0}) for n in range(120)]
    analysis, description = analyse(study, turns), describe(study, turns)

    def verdict(*arms: str) -> str:
        told = [rectified(metric="open", arm=arm, baseline="a", interval=(0.1, 0.3)).estimates[0] for arm in arms]
        standing = Standing(rectified=rectified().model_copy(update={"estimates": tuple(told)}))
        return grade(study, analysis, description, standing).analysis.verdict

    assert "evidence grade A" in verdict("b", "c")
    partly = verdict("c")
    assert "between c and a" in partly
    assert "other arms are known less well than c, which is grade A" in partly
    assert "evidence grade C" in partly


def test_the_offline_model_is_never_calibrated_but_people_may_rectify_it() -> None:
    standing = Standing(calibration(simulator="offline"), rectified())
    _, _, found = graded(standing, model="offline")
    assert grades(found) == {"estimates": {"C"}, "comparisons": {"A", "C"}}


def test_a_shipped_calibration_counts_for_the_simulator_of_its_name_only() -> None:
    from libs.stats.shipped import shipped

    _, _, found = graded(Standing(), model=shipped().borrowed)
    assert grades(found)["estimates"] == {"B"}
    _, _, found = graded(Standing(), model="another-model")
    assert grades(found)["estimates"] == {"C"}


async def test_news_of_validation_grades_a_finished_simulation_and_older_news_changes_nothing(scene: Scene) -> None:
    plan, turns = campaign()
    await scene.publish(*story(turns, plan))
    await scene.completed()
    await scene.publish(rectified(2))
    analysed, told = await scene.completed(2)
    await scene.publish(rectified(1, value=0.5), rectified(2))  # messages that come together are handled in any order
    assert (analysed.graded_at, told.graded_at) == (None, rectified().rectified_at)
    assert (told.analysed_at, told.analysis.comparisons[0].evidence.grade) == (analysed.analysed_at, "A")

    async def is_graded() -> bool:
        return bool((await scene.aggregate())["aggregate_results"]["evidence"]["effective_n"] == 88)

    await eventually(is_graded)
    found = await scene.aggregate()
    lead = found["analysis"]["comparisons"][0]
    assert (lead["evidence"]["grade"], lead["about_people"]["value"]) == ("A", 0.05)
    assert (found["decision"]["grade"], found["decision"]["decision"]) == ("A", "unclear")
    assert "Among people open rate is not clearly higher or lower" in found["decision"]["reasons"][0]
    assert b"rectified with human answers" in (await scene.export("html")).content
    document = (await scene.export("json")).json()["content"]
    assert document["analysis"]["comparisons"][0]["about_people"]["value"] == 0.05
    assert await scene.completed(2) == [analysed, told]
