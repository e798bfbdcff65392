"""A comparison with people: what passes, what fails, and that nothing fools it.

The examples are the defects of a validator that looks at means: collapse that scores full marks, a shift upwards that
scores as identical, a stray category that re-codes the others, a test that is not significant taken for a match.
"""

import json
from collections import Counter

import numpy as np
import pytest

from libs.contracts.comparisons import MetricDeclaration, Value
from services.validation.domain.comparison.compare import compare
from services.validation.domain.comparison.model import ComparisonResult
from services.validation.domain.comparison.reading import read_sample
from tests.support.twins import reference_data

RATING = {"name": "rating", "type": "ordinal", "scale": [1, 5]}
AMOUNT = {"name": "price", "type": "numeric", "scale": [0, 100]}
BOUGHT = {"name": "bought", "type": "binary"}
BRAND = {"name": "brand", "type": "choice", "scale": ["A", "B", "C"]}
ORDER = {"name": "order", "type": "ranking", "scale": ["A", "B", "C"]}
REASON = {"name": "why", "type": "text"}
RATINGS: list[Value] = [1] * 30 + [2] * 50 + [3] * 60 + [4] * 40 + [5] * 20


def against(metric: dict[str, object], human: list[Value], simulated: list[Value], **more: object) -> ComparisonResult:
    declared = MetricDeclaration.model_validate(metric)
    return compare(declared, read_sample(declared, human), read_sample(declared, simulated), **more)  # type: ignore[arg-type]


def numbers(seed: int, n: int = 300) -> list[float]:
    return np.clip(np.random.default_rng(seed).normal(50, 10, n), 0, 100).tolist()


SAMPLES: dict[str, tuple[dict[str, object], list[Value]]] = {
    "ordinal": (RATING, RATINGS),
    "numeric": (AMOUNT, list(numbers(1))),
    "binary": (BOUGHT, [True] * 70 + [False] * 130),
    "choice": (BRAND, ["A"] * 90 + ["B"] * 70 + ["C"] * 40),
    "ranking": (ORDER, [["A", "B", "C"]] * 90 + [["B", "A", "C"]] * 70 + [["C", "B", "A"]] * 40),
    "text": (
        REASON,
        [f"It is {word} for {number} reasons" for word in ("good", "dear", "odd") for number in range(60)],
    ),
}


@pytest.mark.parametrize("kind", SAMPLES)
def test_identical_data_scores_best_and_does_not_fail(kind: str) -> None:
    metric, answers = SAMPLES[kind]
    same = against(metric, answers, answers)
    assert same.score == 1
    assert same.verdict != "fail"
    assert all(distance.value == 0 for distance in same.distances.values())
    assert same.variance_ratio.value == pytest.approx(1)


@pytest.mark.parametrize("kind", ["ordinal", "numeric", "binary"])
def test_identical_data_of_hundreds_passes(kind: str) -> None:
    metric, answers = SAMPLES[kind]
    assert against(metric, answers * 3, answers * 3).verdict == "pass"


@pytest.mark.parametrize("direction", [-1, 1])
def test_a_shift_in_either_direction_lowers_the_score_the_more_the_larger_it_is(direction: int) -> None:
    people = numbers(2)
    scores = [against(AMOUNT, people, [x + direction * by for x in people]).score for by in (0, 1, 2, 4, 8, 15)]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)


@pytest.mark.parametrize("to", [1, 3, 5])
def test_a_collapse_lowers_the_score_the_more_the_more_answers_are_one(to: int) -> None:
    results = [against(RATING, RATINGS, [*([to] * n), *_spread_out(200 - n)]) for n in (0, 40, 80, 120, 160, 200)]
    scores = [result.score for result in results]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)
    assert results[-1].verdict == "fail"


def _spread_out(n: int) -> list[Value]:
    """n of the ratings, in the proportions of all of them."""
    return [RATINGS[place * len(RATINGS) // n] for place in range(n)] if n else []


def test_total_collapse_on_the_mean_fails_by_its_spread_although_the_means_are_alike() -> None:
    collapsed = against(RATING, [1, 2, 3, 4, 5] * 40, [3] * 200)
    assert collapsed.equivalence.conclusion == "equivalent"
    assert (collapsed.variance_ratio.value, collapsed.verdict) == (0, "fail")
    assert any("differ less among themselves" in reason for reason in collapsed.reasons)


def test_the_spread_is_of_sample_variances_and_passes_only_where_it_is_shown() -> None:
    few = against(RATING, [1, 2, 3, 4, 5] * 8, [1, 2, 3, 4, 5] * 100)
    ratio = np.var([1, 2, 3, 4, 5] * 100, ddof=1) / np.var([1, 2, 3, 4, 5] * 8, ddof=1)
    assert few.variance_ratio.value == pytest.approx(ratio)
    assert (few.variance_ratio.conclusion, few.verdict) == ("undecided", "inconclusive")
    assert any("it is not shown that they differ among themselves as people do" in reason for reason in few.reasons)
    many = against(RATING, [1, 2, 3, 4, 5] * 80, [1, 2, 3, 4, 5] * 100)
    assert (many.variance_ratio.conclusion, many.verdict) == ("equivalent", "pass")


def test_nobody_seen_to_differ_in_a_rare_thing_is_no_sign_that_agents_differ_less() -> None:
    rare = against(BOUGHT, [True] * 5 + [False] * 195, [False] * 40)
    assert (rare.variance_ratio.value, rare.variance_ratio.conclusion) == (0, "undecided")
    assert rare.verdict != "fail"


def test_no_difference_found_in_few_answers_is_not_a_match() -> None:
    few = against(RATING, RATINGS[::10], RATINGS[::10])
    assert (few.score, few.verdict) == (1, "inconclusive")
    assert any("only 20 human answers" in reason for reason in few.reasons)


def test_a_difference_within_the_margin_is_equivalent_and_one_beyond_it_is_not() -> None:
    people = numbers(3, 2_000)
    moved = [x + 2 for x in people]
    assert against(AMOUNT, people, moved, margin=5).equivalence.conclusion == "equivalent"
    assert against(AMOUNT, people, moved, margin=1).equivalence.conclusion == "different"
    assert against(AMOUNT, people, moved, margin=1).verdict == "fail"
    assert against(AMOUNT, people[:40], moved[:40], margin=2).equivalence.conclusion == "undecided"


def test_a_distance_that_does_not_matter_does_not_fail_however_clear_it_is() -> None:
    people: list[Value] = [True] * 5_000 + [False] * 5_000
    clear = against(BOUGHT, people, [True] * 5_300 + [False] * 4_700)
    assert clear.noise_ceiling is not None
    assert clear.noise_ceiling.p_value < 0.01
    assert clear.verdict == "pass"


def test_a_stray_category_is_counted_apart_and_recodes_nothing() -> None:
    answers: list[Value] = ["A"] * 60 + ["B"] * 60 + ["C"] * 60
    clean, stray = against(BRAND, answers, answers), against(BRAND, answers, [*answers, "maybe"])
    assert stray.simulated.unrecognised.model_dump() == {"count": 1, "examples": ["maybe"]}
    assert (stray.score, stray.distances, stray.verdict) == (clean.score, clean.distances, clean.verdict)
    many = against(BRAND, answers, answers + ["maybe"] * 60)
    assert many.verdict == "inconclusive"


def test_answers_are_read_as_they_were_declared_and_not_as_they_look() -> None:
    zero_one = MetricDeclaration.model_validate({"name": "stars", "type": "ordinal", "scale": [0, 5]})
    assert read_sample(zero_one, [0, 1, 1.0, "1", 0.5, True, 6, "many", None, ""]).answers == (0.0, 1.0, 1.0, 1.0)
    labels = MetricDeclaration.model_validate({"name": "fit", "type": "ordinal", "scale": ["poor", "fair", "good"]})
    assert read_sample(labels, ["good", "poor", 2, "Good"]).answers == (3.0, 1.0, 2.0)
    switched = MetricDeclaration.model_validate({"name": "on", "type": "binary", "scale": ["off", "on"]})
    assert read_sample(switched, ["on", "off", True, 0, 2, "maybe"]).answers == (1.0, 0.0, 1.0, 0.0)
    ranked = MetricDeclaration.model_validate(ORDER)
    given: list[Value] = ["B > A > C", "A-B-C", "C, B, A", ["A", "B", "C"], "A > B", ["A", "A", "B"]]
    assert read_sample(ranked, given).answers == (tuple("BAC"), tuple("ABC"), tuple("CBA"), tuple("ABC"))


@pytest.mark.parametrize(
    "metric",
    [
        {"name": "x", "type": "ordinal"},
        {"name": "x", "type": "ordinal", "scale": [1, 4.5]},
        {"name": "x", "type": "numeric", "scale": [5, 1]},
        {"name": "x", "type": "choice", "scale": ["A", "A"]},
        {"name": "x", "type": "binary", "scale": ["a", "b", "c"]},
        {"name": "x", "type": "text", "scale": [1, 5]},
    ],
)
def test_a_declaration_that_is_not_complete_is_refused(metric: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="scale: a metric of type"):
        MetricDeclaration.model_validate(metric)


@pytest.mark.parametrize(("kind", "level"), [("ordinal", 90), ("binary", 90), ("choice", 95), ("ranking", 95)])
def test_a_reason_names_the_level_of_its_interval(kind: str, level: int) -> None:
    metric, answers = SAMPLES[kind]
    assert any(f"{level} % interval" in reason for reason in against(metric, answers, answers).reasons)


def test_the_order_of_answers_changes_nothing() -> None:
    shuffled = np.random.default_rng(1).permutation(np.array(RATINGS)).tolist()
    assert against(RATING, RATINGS, shuffled) == against(RATING, shuffled, RATINGS)
    amounts, others = numbers(1), numbers(2)
    assert against(AMOUNT, list(amounts), list(others)) == against(AMOUNT, list(amounts[::-1]), sorted(others))


def test_opposite_rankings_are_far_apart_and_their_mean_ranks_are_not_all_that_counts() -> None:
    forwards: list[Value] = [["A", "B", "C"]] * 100
    backwards: list[Value] = [["C", "B", "A"]] * 100
    reversed_ = against(ORDER, forwards, backwards)
    assert reversed_.score == pytest.approx(1 / 3)
    assert reversed_.distances["pairwise_order"].value == 1
    mixed = against(ORDER, forwards[:50] + backwards[:50], [["B", "A", "C"], ["B", "C", "A"]] * 50)
    assert mixed.score < 0.8


def test_other_words_are_far_from_the_words_of_people() -> None:
    people: list[Value] = [f"too {word} for me number {n}" for word in ("salty", "cold", "dear") for n in range(40)]
    models: list[Value] = [f"As a consumer I appreciate innovation {n}" for n in range(120)]
    assert against(REASON, people, models).verdict == "fail"
    assert against(REASON, people, models).score < 0.2


TOPICS = [
    f"too {word} for me {when} and that is why I leave it"
    for word in ("salty", "cold", "dear", "thick", "odd")
    for when in ("today", "in winter", "at work", "with friends", "when hungry", "on a train")
] * 10


def test_one_text_of_everybody_is_no_variety_however_long_it_is() -> None:
    one = "I would buy this because it is fresh and healthy and easy to carry on long working days in the city"
    draw, words = np.random.default_rng(1), np.array([f"w{n}" for n in range(600)])
    long = [" ".join(draw.choice(words, 60)) for _ in range(300)]
    for people, text in ((TOPICS, one), (TOPICS, one * 5), (long, one * 3)):
        found = against(REASON, list(people), [text] * 300)
        assert (found.variance_ratio.value, found.variance_ratio.conclusion) == (0, "different")


@pytest.mark.parametrize("length", [12, 24, 60])
def test_how_long_texts_are_does_not_change_how_much_their_words_differ(length: int) -> None:
    """Everybody draws from the same words as often as they are used; some write five times as much."""
    draw, words = np.random.default_rng(4), np.array([f"w{n}" for n in range(150)])
    shares = 1 / np.arange(2, 152)
    shares /= shares.sum()

    def texts(n: int) -> list[Value]:
        return [" ".join(draw.choice(words, n, p=shares)) for _ in range(300)]

    assert against(REASON, texts(12), texts(length)).variance_ratio.conclusion == "equivalent"


def test_how_much_texts_of_a_word_or_two_differ_is_not_compared_with_sentences() -> None:
    people: list[Value] = ["good"] * 40 + ["dear"] * 40 + ["odd"] * 40
    found = against(REASON, people, [f"It is {word} because of the price" for word in people])
    assert found.variance_ratio.value is None
    assert any("fewer than 5 words" in reason for reason in found.reasons)


def test_every_text_counts_the_same_however_long_it_is() -> None:
    people: list[Value] = ["fresh"] * 50 + ["dear"] * 50
    assert against(REASON, people, ["fresh " * 40] * 50 + ["dear"] * 50).score == pytest.approx(1)


def test_the_worst_segment_is_named_and_makes_the_whole_fail() -> None:
    declared = MetricDeclaration.model_validate(RATING)
    segments = [("north", "south")[place % 2] for place in range(len(RATINGS))]
    flipped = [
        6 - int(value) if segment == "south" else value for value, segment in zip(RATINGS, segments, strict=True)
    ]
    lower = [1 if segment == "south" else value for value, segment in zip(flipped, segments, strict=True)]
    result = compare(declared, read_sample(declared, RATINGS, segments), read_sample(declared, lower, segments))
    assert [(one.segment, one.verdict) for one in result.segments] == [("north", "pass"), ("south", "fail")]
    assert any("'south'" in reason for reason in result.reasons)
    assert result.verdict == "fail"


def test_a_second_human_sample_passes_or_is_inconclusive() -> None:
    draw, people = np.random.default_rng(5), np.array(RATINGS)
    verdicts = {
        n: Counter(
            against(RATING, draw.choice(people, n).tolist(), draw.choice(people, n).tolist()).verdict for _ in of
        )
        for n, of in ((50, range(30)), (400, range(30)))
    }
    assert verdicts[50]["fail"] + verdicts[400]["fail"] <= 4
    assert verdicts[50]["pass"] == 0
    assert verdicts[400]["pass"] > 15


def test_the_four_published_gazpacho_runs_fail_and_other_people_do_not() -> None:
    found = json.loads(reference_data("gazpacho", "answers.json").read_text(encoding="utf-8"))
    for run in found["simulated_runs"].values():
        result = against(RATING, found["human"], run)
        assert result.verdict == "fail"
        assert any("differ less among themselves" in reason for reason in result.reasons)
        assert any("a uniform guess is nearer" in reason for reason in result.reasons)
    draw = np.random.default_rng(6)
    others = [against(RATING, found["human"], draw.choice(found["human"], 50).tolist()).verdict for _ in range(20)]
    assert "fail" not in others
    assert against(RATING, found["human"], found["human"]).verdict == "inconclusive"
