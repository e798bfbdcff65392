"""Looking while it runs, and the main effects of factors."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from libs.contracts.errors import InvalidError
from libs.contracts.evidence import FactorEffect
from libs.contracts.experiments import RobustnessSpec
from libs.minds.options import option_orders
from services.intervention.domain.monitoring import already_clear, main_effects_of, monitor
from services.intervention.domain.plan import freeze
from services.intervention.domain.robustness import AS_DESIGNED, Asking, asked_so, planned
from services.intervention.domain.scores import Finished
from tests.services.intervention.test_arms import FACTORS
from tests.services.intervention.test_decision import analysis, compared
from tests.services.intervention.test_design import NOW, made

CHOICE = {"name": "channel", "type": "choice", "question": "Where would you buy?", "options": ["phone", "web", "shop"]}


def answers(seed: int, n: int, effect: float) -> list[Finished]:
    draw = random.Random(seed)
    return [
        Finished(
            f"agent_{arm}{number}", arm, None, True, {"purchase_intent": min(10, max(1, draw.gauss(5 + shift, 2)))}
        )
        for number in range(n)
        for arm, shift in (("a", 0.0), ("b", effect))
    ]


def test_peeking_after_every_twenty_answers_finds_nothing_where_nothing_is() -> None:
    frozen = freeze(made(), 7, {"a": 100, "b": 100}, NOW)
    wrong = 0
    for seed in range(60):
        turns = answers(seed, 100, 0.0)
        looks = [monitor(frozen, turns[:n], is_offline=True)[0] for n in range(20, 201, 20)]
        wrong += any(one.interval is not None and not one.interval[0] <= 0 <= one.interval[1] for one in looks)
    assert wrong <= 6  # naive intervals: 11 to 20 of 60


def test_a_large_effect_is_seen_before_the_end() -> None:
    frozen = freeze(made(), 7, {"a": 100, "b": 100}, NOW)
    [one] = monitor(frozen, answers(1, 60, 2.0), is_offline=True)
    assert one.interval is not None
    assert one.interval[0] > 0
    assert (one.n, one.baseline_n, one.evidence.grade) == (60, 60, "C")


def test_within_people_are_compared_with_themselves() -> None:
    frozen = freeze(made(design="within"), 7, {"a": 40, "b": 40}, NOW)
    turns = [
        Finished(f"agent_{n}", arm, None, True, {"purchase_intent": 1 + n % 7 + (arm == "b") * (1 + n % 2)})
        for n in range(40)
        for arm in ("a", "b")
    ]
    [one] = monitor(frozen, turns, is_offline=True)
    assert one.interval is not None
    assert one.interval[0] > 1
    assert one.evidence.clusters == 40


def in_groups(turns: list[Finished], group_of: Callable[[int, str], str]) -> list[Finished]:
    """The same answers from people who heard each other."""
    return [replace(turn, cluster_id=group_of(number // 2, turn.arm)) for number, turn in enumerate(turns)]


def test_people_who_heard_each_other_count_as_one() -> None:
    frozen = freeze(made(), 7, {"a": 60, "b": 60}, NOW)
    turns = answers(1, 60, 2.0)
    [alone] = monitor(frozen, turns, is_offline=True)
    [grouped] = monitor(frozen, in_groups(turns, lambda number, arm: f"{arm}-{number // 3}"), is_offline=True)
    assert (grouped.n, grouped.evidence.clusters, alone.evidence.clusters) == (60, 40, 120)
    assert grouped.difference == pytest.approx(alone.difference)
    assert grouped.interval is not None
    assert alone.interval is not None
    assert grouped.interval != alone.interval


def test_groups_with_people_of_both_arms_are_compared_with_themselves_and_some_alone_not_at_all() -> None:
    frozen = freeze(made(), 7, {"a": 80, "b": 80}, NOW)
    turns = answers(1, 80, 2.0)
    [mixed] = monitor(frozen, in_groups(turns, lambda number, _: f"{number // 2}"), is_offline=True)
    assert (mixed.n, mixed.evidence.clusters) == (80, 40)
    assert mixed.interval is not None
    [partly] = monitor(
        frozen, [*in_groups(turns[:80], lambda number, _: f"{number // 2}"), *turns[80:]], is_offline=True
    )
    assert (partly.n, partly.interval) == (80, None)


def test_nothing_is_clear_before_there_are_enough_answers_to_tell() -> None:
    frozen = freeze(made(), 7, {"a": 100, "b": 100}, NOW)
    [early] = monitor(frozen, answers(1, 19, 6.0), is_offline=True)
    assert (early.n, early.interval, early.p_value) == (19, None, None)
    assert "from 20 answers in each arm on" in early.method
    assert already_clear([early]) == []
    assert already_clear(monitor(frozen, answers(1, 20, 6.0), is_offline=True))


def test_before_anybody_has_answered_there_is_no_interval() -> None:
    [one] = monitor(freeze(made(), 7, {"a": 9, "b": 9}, NOW), [], is_offline=True)
    assert (one.n, one.interval, one.difference) == (0, None, None)


def test_main_effects_are_those_of_the_analysis_with_their_planned_contrast() -> None:
    design = made(**FACTORS)
    frozen = freeze(design, 7, {arm.name: 50 for arm in design.arms}, NOW)
    found = FactorEffect(
        metric="purchase_intent",
        option=None,
        factor="subject",
        level="urgent",
        reference="plain",
        difference=1.0,
        interval=(0.2, 1.8),
        confidence_level=0.95,
        p_value=0.02,
        p_adjusted=0.04,
        finding="higher",
        method="cluster-robust",
        evidence=compared("purchase_intent", "higher").evidence,
    )
    [one] = main_effects_of(frozen, analysis().model_copy(update={"factor_effects": (found,)}))
    assert one.contrast in (frozen.contrasts or ())
    assert (one.contrast.factor, one.contrast.level) == ("subject", "urgent")
    assert FactorEffect.model_validate(one.model_dump(exclude={"contrast"})) == found
    assert main_effects_of(frozen, analysis()) == ()


def test_a_set_of_configurations_crosses_models_seeds_and_ways_of_asking() -> None:
    asked = made(success_metrics=["purchase_intent"]).instruments
    spec = RobustnessSpec(models=["offline", "other"], elicitations=["direct", "distribution"])
    assert len(planned(spec, 7, asked)) == 12
    assert {seed for _, seed, _ in planned(spec, 7, asked)} == {7, 8, 9}


def test_orders_of_options_and_other_words_are_configurations_beside_the_design() -> None:
    instruments = made(success_metrics=["purchase_intent", CHOICE]).instruments
    said = {"name": "blunt", "questions": {"purchase_intent": "Will you buy it?"}}
    spec = RobustnessSpec.model_validate({"seeds": [1], "option_orders": ["own", "reversed"], "wordings": [said]})
    ways = [asking for *_, asking in planned(spec, 7, instruments)]
    assert [(one.option_order, one.wording) for one in ways] == [
        (None, None),
        (None, "blunt"),
        ("reversed", None),
        ("reversed", "blunt"),
    ]
    assert asked_so(instruments, ways[0]) == instruments
    intent, channel = asked_so(instruments, ways[3])
    assert (intent.question, intent.option_order) == ("Will you buy it?", None)
    assert option_orders([channel], 7, "agent_0001") == {"channel": ("shop", "web", "phone")}
    unasked = RobustnessSpec.model_validate({"wordings": [said | {"questions": {"mood": "How are you?"}}]})
    with pytest.raises(InvalidError, match="mood") as refused:
        planned(unasked, 7, instruments)
    assert refused.value.errors[0].field == "wordings.0.questions"


def test_only_what_can_be_stated_as_probabilities_is_asked_so() -> None:
    instruments = made(success_metrics=["purchase_intent", "usage_frequency"]).instruments
    stated = asked_so(instruments, Asking(elicitation="distribution"))
    assert [one.elicitation for one in stated] == ["distribution", None]
    assert asked_so(instruments, AS_DESIGNED) == instruments
