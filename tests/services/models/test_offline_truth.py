"""The statistics of the platform held against the known truth of the offline model: coverage and type-I error."""

import random

import pytest

from libs.stats.means import Moments, compare_means
from libs.stats.proportions import compare_proportions
from services.models.domain.offline.mind import meet
from services.models.domain.offline.noise import Noise
from services.models.domain.offline.truth import true_effect
from services.models.domain.offline.turn import draw_answers
from tests.services.models.people import EMOTIONAL, RATIONAL, instrument, person

STUDIES = 400
PEOPLE = [person(index) for index in range(160)]
METRICS = (
    instrument("open_rate"),
    instrument("purchase_intent", "ordinal"),
    instrument("negative_control"),
    instrument("negative_control_score", "ordinal"),
)


@pytest.fixture(scope="module")
def studies():
    """Contrasts of many studies on the same people, each with its own assignment and errors, by metric."""
    minds = {name: [meet(who, arm) for who in PEOPLE] for name, arm in (("a", EMOTIONAL), ("b", RATIONAL))}
    found = {metric.name: [] for metric in METRICS}
    for study in range(STUDIES):
        order = list(range(len(PEOPLE)))
        random.Random(study).shuffle(order)
        arms = {"a": order[::2], "b": order[1::2]}
        answers = {
            arm: [draw_answers(minds[arm][i], METRICS, Noise(f"{study} {arm} {i}"))[0] for i in members]
            for arm, members in arms.items()
        }
        for metric in METRICS:
            values = {arm: [float(one[metric.name]) for one in given] for arm, given in answers.items()}
            if metric.type == "binary":
                counts = (int(sum(values["b"])), len(values["b"]), int(sum(values["a"])), len(values["a"]))
                found[metric.name].append(compare_proportions(*counts))
            else:
                found[metric.name].append(compare_means(Moments.of(values["b"]), Moments.of(values["a"])))
    return found


@pytest.mark.parametrize("metric", [metric.name for metric in METRICS])
def test_intervals_hold_the_true_effect_as_often_as_they_say(studies, metric):
    truth = true_effect(PEOPLE, EMOTIONAL, RATIONAL, METRICS)[metric, None].of_all
    held = [low <= truth <= high for low, high in (contrast.interval for contrast in studies[metric])]
    assert 0.92 <= sum(held) / STUDIES <= 0.985


@pytest.mark.parametrize("metric", ["negative_control", "negative_control_score"])
def test_a_metric_without_an_effect_is_rarely_significant(studies, metric):
    assert sum(contrast.p_value < 0.05 for contrast in studies[metric]) / STUDIES <= 0.08


def test_a_real_effect_is_found_more_often_than_one_that_is_not_there(studies):
    found = {name: sum(contrast.p_value < 0.05 for contrast in contrasts) for name, contrasts in studies.items()}
    assert found["open_rate"] > 3 * found["negative_control"]
