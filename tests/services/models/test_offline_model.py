"""The offline model as a respondent: persona and stimulus in, a whole turn out."""

import json
import math
from collections import Counter

import pytest

from libs.contracts.catalogue import CATALOGUE, CONTROLS, resolve
from libs.minds.scales import values_of
from libs.minds.turn import read_turn
from services.models.domain.offline import truth
from services.models.domain.offline.coefficients import EFFECTS
from services.models.domain.offline.mind import meet
from services.models.domain.offline.persona import DISPOSITIONS, read_persona
from services.models.domain.offline.speech import LEVELS
from services.models.domain.offline.stages import stage_of
from services.models.domain.offline.stimulus import FACTORS, read_stimulus
from services.models.domain.offline.turn import reply, with_options
from services.models.domain.offline.utilities import active_effects, reasons
from tests.services.models.people import EMOTIONAL, FUNNEL, RATIONAL, instrument, person

PEOPLE = [person(index) for index in range(150)]


def _mean(personas, stimulus, metric):
    return truth.true_means(personas, stimulus, (metric,))[metric.name, None][0]


def test_a_call_answered_twice_gives_the_same_reply():
    replies = [json.dumps(reply(person(1), EMOTIONAL, FUNNEL, None, "key")) for _ in range(2)]
    assert replies[0] == replies[1]


def test_different_calls_of_equal_people_differ():
    replies = {json.dumps(reply(person(1), EMOTIONAL, FUNNEL, None, f"key {i}")["answers"]) for i in range(30)}
    assert len(replies) > 5


def test_a_metric_behind_a_no_answers_null():
    for index in range(200):
        answers = reply(person(index), EMOTIONAL, FUNNEL, None, f"key {index}")["answers"]
        assert (answers["click_through"] is None) == (answers["open_rate"] is False)
        assert answers["purchase_intent"] in range(1, 11)


def test_the_stated_truth_is_the_mean_of_simulated_people():
    draws = 12
    replies = [
        reply(persona, EMOTIONAL, FUNNEL, None, f"{index} {draw}")["answers"]
        for index, persona in enumerate(PEOPLE)
        for draw in range(draws)
    ]
    means = truth.true_means(PEOPLE, EMOTIONAL, FUNNEL)
    for metric in ("open_rate", "click_through", "purchase_intent"):
        values = [float(answers[metric] or 0) for answers in replies]
        simulated = math.fsum(values) / len(values)
        deviation = math.sqrt(math.fsum((value - simulated) ** 2 for value in values) / len(values))
        assert abs(simulated - means[metric, None][0]) < 4.5 * deviation / math.sqrt(len(values))
    reached = [float(answers["click_through"]) for answers in replies if answers["click_through"] is not None]
    assert math.fsum(reached) / len(reached) == pytest.approx(means["click_through", None][1], abs=0.1)


def _elicited(metric, elicitation):
    return metric.model_copy(update={"elicitation": elicitation})


LISTED = (
    instrument("open_rate"),
    instrument("purchase_intent", "ordinal"),
    instrument("brand", "choice", options=("saving money", "my health", "the price")),
)


@pytest.mark.parametrize("metric", LISTED, ids=lambda metric: metric.type)
def test_an_answer_drawn_from_stated_probabilities_has_the_distribution_of_a_direct_one(metric):
    asked = (_elicited(metric, "distribution"),)
    for persona in PEOPLE[:40]:
        law = meet(persona, EMOTIONAL).law(metric)
        turn = read_turn(json.dumps(reply(persona, EMOTIONAL, asked, None, "k")), asked, "here")
        assert turn.distributions[metric.name] == pytest.approx(law.probabilities(), abs=1e-9)
    draws = 4_000
    contents = json.dumps(reply(person(1), EMOTIONAL, asked, None, "k"))
    drawn = Counter(read_turn(contents, asked, f"place {place}").answers[metric.name] for place in range(draws))
    stated = Counter(
        reply(person(1), EMOTIONAL, (metric,), None, f"{key}")["answers"][metric.name] for key in range(draws)
    )
    for value, share in meet(person(1), EMOTIONAL).law(metric).probabilities().items():
        answer = values_of(metric)[value]
        tolerance = 4 * math.sqrt(share * (1 - share) / draws) + 1e-9
        assert abs(drawn[answer] / draws - share) < tolerance
        assert abs(stated[answer] / draws - share) < tolerance


def test_a_funnel_of_stated_probabilities_has_the_true_means():
    asked = tuple(_elicited(metric, "distribution") for metric in FUNNEL)
    turns = [
        read_turn(json.dumps(reply(persona, EMOTIONAL, asked, None, f"{index}")), asked, f"{index} {draw}")
        for index, persona in enumerate(PEOPLE)
        for draw in range(12)
    ]
    means = truth.true_means(PEOPLE, EMOTIONAL, FUNNEL)
    for metric in ("open_rate", "click_through", "purchase_intent"):
        values = [float(turn.answers[metric] or 0) for turn in turns]
        drawn = math.fsum(values) / len(values)
        deviation = math.sqrt(math.fsum((value - drawn) ** 2 for value in values) / len(values))
        assert abs(drawn - means[metric, None][0]) < 4.5 * deviation / math.sqrt(len(values))


def test_a_question_to_be_answered_in_words_is_answered_by_the_place_on_its_scale():
    asked = (_elicited(instrument("purchase_intent", "ordinal"), "ssr"),)
    for index in range(60):
        direct = reply(person(index), EMOTIONAL, (instrument("purchase_intent", "ordinal"),), None, f"{index}")
        turn = reply(person(index), EMOTIONAL, asked, None, f"{index}")
        said = turn["answers"]["purchase_intent"]
        level = next(place for place, words in enumerate(LEVELS) if said.startswith(words))
        assert level == round((direct["answers"]["purchase_intent"] - 1) / 9 * 4)
        assert said in turn["actions"][1]["content"]
        assert turn["confidence"] == direct["confidence"]


def test_effects_are_moderate_and_levels_plausible():
    for stimulus in (EMOTIONAL, RATIONAL):
        means = truth.true_means(PEOPLE, stimulus, FUNNEL)
        assert 0.15 < means["open_rate", None][0] < 0.50
        assert 0.03 < means["click_through", None][0] < 0.20
        assert 4.0 < means["purchase_intent", None][0] < 7.0
    effect = truth.true_effect(PEOPLE, RATIONAL, EMOTIONAL, FUNNEL)
    assert 0.02 < abs(effect["open_rate", None].of_all) < 0.20


@pytest.mark.parametrize(
    "metric",
    [
        instrument("negative_control"),
        instrument("placebo_score", "ordinal"),
        instrument("unrelated", "choice", options=("health", "email")),
        instrument("unrelated_ranking", "ranking", options=("health", "email")),
        instrument("negative_control_hours", "numeric"),
    ],
)
def test_a_negative_control_has_exactly_no_effect(metric):
    effects = truth.true_effect(PEOPLE, EMOTIONAL, RATIONAL, (metric,))
    assert effects
    assert all(effect.of_all == 0.0 and effect.given_reached == 0.0 for effect in effects.values())


def test_an_arm_compared_with_itself_has_exactly_no_effect():
    assert all(effect.of_all == 0.0 for effect in truth.true_effect(PEOPLE, EMOTIONAL, EMOTIONAL, FUNNEL).values())


def test_people_differ_in_what_works_on_them():
    opened = [truth.expected(persona, EMOTIONAL, FUNNEL)["open_rate"].given_reached[None] for persona in PEOPLE]
    assert max(opened) - min(opened) > 0.25
    lifts = [
        truth.true_effect([persona], RATIONAL, EMOTIONAL, FUNNEL)["purchase_intent", None].of_all for persona in PEOPLE
    ]
    assert max(lifts) - min(lifts) > 0.7


def test_a_morning_suits_busy_people_more_than_others():
    morning, afternoon = ({"content": "Hello", "channel": "email", "timing": time} for time in ("morning", "afternoon"))
    metric = instrument("open_rate")

    def lift(persona):
        return _mean([persona], morning, metric) - _mean([persona], afternoon, metric)

    assert lift({"traits": {"time_pressure": 0.8}}) > lift({}) > 0


@pytest.mark.parametrize(
    ("trait", "more", "less"),
    [
        ("health_interest", "Sleep and nutrition for a healthy heart", "A new way to park"),
        ("budget_conscious", "Save 30% with this discount", "A premium product"),
        ("information_seeking", "Independent studies prove the result", "Imagine, dream, feel the passion"),
    ],
)
def test_a_message_that_fits_the_person_appeals_more(trait, more, less):
    metric = instrument("purchase_intent", "ordinal")
    fitting = _mean([{"traits": {trait: 0.8}}], more, metric) - _mean([{"traits": {trait: 0.8}}], less, metric)
    average = _mean([{}], more, metric) - _mean([{}], less, metric)
    assert fitting > average


def test_more_value_raises_liking_and_lowers_aversion():
    liked, disliked = "Save money today: free gift for members", "You must pay a mandatory fee. It is THE LAW!!!"
    assert _mean(PEOPLE, liked, instrument("satisfaction", "ordinal")) > _mean(
        PEOPLE, disliked, instrument("satisfaction", "ordinal")
    )
    assert _mean(PEOPLE, liked, instrument("complaint")) < _mean(PEOPLE, disliked, instrument("complaint"))


def test_the_reasons_given_are_the_largest_terms():
    persona = {"traits": {"time_pressure": 0.9}}
    turn = reply(persona, {"content": "Hello", "channel": "email", "timing": "morning"}, FUNNEL[:1], None, "k")
    mind = meet(persona, {"content": "Hello", "channel": "email", "timing": "morning"})
    largest = reasons(mind.dispositions, active_effects(mind.stimulus), (1.0, 0.0, 0.0))[:3]
    thought = turn["actions"][0]["content"]
    assert all(reason.text in thought for reason in largest)
    assert "the morning suits my schedule" in thought


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ("email", "This reaches me by email (morning)"),
        ("in_person", "This reaches me in person (morning)"),
        ("carrier_pigeon", "This reaches me through carrier pigeon (morning)"),
        ("", "This reaches me (morning)"),
    ],
)
def test_where_something_was_met_is_said_in_words(channel, said):
    persona = {"traits": {"time_pressure": 0.9}}
    turn = reply(persona, {"content": "Hello", "channel": channel, "timing": "morning"}, FUNNEL[:1], None, "k")
    assert turn["actions"][0]["content"].startswith(said)


def test_options_are_said_in_words():
    options = ("too_cheap", "good_value")
    for kind, said in (
        ("choice", {"Q: too cheap.", "Q: good value."}),
        ("ranking", {f"Q: {a.replace('_', ' ')}, then {b.replace('_', ' ')}." for a, b in (options, options[::-1])}),
    ):
        turn = reply({}, {"content": "Hello", "timing": ""}, [instrument("q", kind, options=options)], None, "k")
        assert any(sentence in turn["actions"][1]["content"] for sentence in said)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_every_metric_of_the_catalogue_is_answered(name):
    instruments = resolve([name])
    answers = [reply(person(i), EMOTIONAL, instruments, None, f"{i}")["answers"] for i in range(40)]
    assert any(answer[name] is not None for answer in answers)


def test_no_metric_of_the_catalogue_but_a_disposition_is_blind_to_the_stimulus():
    blind = {name for name in CATALOGUE if not stage_of(resolve([name])[-1]).sees_stimulus}
    assert blind == {"price_sensitivity", *CONTROLS}


@pytest.mark.parametrize("persona", [None, {}, [], "text", {"traits": "none", "age": "old", "personality": 3}])
@pytest.mark.parametrize(
    "stimulus", [None, {}, "", 7, {"content": None, "channel": 3}, "你好，今天就试试吧", "🙂" * 50]
)
def test_unknown_people_and_stimuli_are_answered(persona, stimulus):
    turn = reply(persona, stimulus, FUNNEL, None, "k")
    assert turn["answers"]["purchase_intent"] in range(1, 11)
    assert turn["actions"][0]["content"]
    assert turn["actions"][1]["content"]


def test_a_missing_persona_is_an_average_person():
    assert set(read_persona(None).values()) == {0.0}


@pytest.mark.parametrize(
    ("persona", "disposition", "is_positive"),
    [
        ({"personality": {"big_five": {"openness": "High. Very imaginative."}}}, "openness", True),
        ({"personality": {"big_five": {"neuroticism": "Low. Stays calm."}}}, "neuroticism", False),
        ({"big_five": {"extraversion": 4.5}}, "extraversion", True),
        ({"big_five": {"agreeableness": 20}}, "agreeableness", False),
        ({"traits": {"Budget-Conscious": 0.7}}, "price_sensitivity", True),
        ({"traits": {"skeptical": 0.7}}, "trust", False),
        ({"traits": {"coffee_lover": 0.8}}, "interest_food", True),
        ({"traits": "O+48 trust-20"}, "trust", False),
        ({"traits": "O+48 hurry+20"}, "time_pressure", True),
        ({"character": "You are skeptical of claims"}, "trust", False),
        ({"preferences": {"interests": ["Hiking and travel"]}}, "interest_travel", True),
        ({"preferences": {"dislikes": ["Cooking"]}}, "interest_food", False),
        ({"age": "72"}, "tech_affinity", False),
        ({"income": "high"}, "price_sensitivity", False),
        ({"income": 20_000}, "price_sensitivity", True),
        ({"personality": {"traits": ["You are skeptical of claims"]}}, "trust", False),
    ],
)
def test_dispositions_are_read_from_what_a_persona_says(persona, disposition, is_positive):
    value = read_persona(persona)[disposition]
    assert (value > 0) if is_positive else (value < 0)


def test_the_order_in_which_options_are_read_changes_no_answer():
    metrics = (instrument("brand", "choice"), instrument("order", "ranking"))
    orders = [("saving money", "my health", "the price"), ("the price", "saving money", "my health")]
    for index in range(50):
        answers = [
            reply(person(index), EMOTIONAL, with_options(metrics, {m.name: list(order) for m in metrics}), None, "k")
            for order in orders
        ]
        assert answers[0]["answers"] == answers[1]["answers"]
        assert sorted(answers[0]["answers"]["order"]) == sorted(orders[0])


@pytest.mark.parametrize("block", [None, [], {"brand": "A"}, {"brand": [1, None]}, {"other": ["A"]}])
def test_options_that_are_none_are_not_read(block):
    (metric,) = with_options((instrument("brand", "choice"),), block)
    assert metric.options == ()


def test_a_stated_trait_wins_over_what_the_profile_suggests():
    assert read_persona({"traits": {"tech_affinity": -0.4}, "age": 20})["tech_affinity"] == -0.4


@pytest.mark.parametrize(
    ("timing", "factor"),
    [
        ("08:30", "timing_morning"),
        ("2026-11-22T14:05:00Z", "timing_working_hours"),
        ("23:10", "timing_night"),
        ("Evening", "timing_evening"),
    ],
)
def test_clock_times_are_parts_of_the_day(timing, factor):
    assert read_stimulus({"content": "Hello", "timing": timing}).factors[factor] == 1.0


def test_every_effect_names_a_known_factor_and_disposition():
    for effect in EFFECTS:
        assert effect.stimulus is None or effect.stimulus in FACTORS
        assert effect.persona is None or effect.persona in DISPOSITIONS
        assert effect.because
        assert bool(effect.because_low) == (effect.persona is not None)
