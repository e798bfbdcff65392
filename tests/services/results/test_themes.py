"""Themes: two codings that repeat where texts have something in common, and are said to be of no use where not."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from libs.contracts.turns import ChatMessage
from libs.minds.blocks import read_blocks
from services.results.domain.records import Study, Turn
from services.results.domain.report.page import to_html
from services.results.domain.themes import MOST_TEXTS, OTHER, Coded, Text, Themes, code, themes_of
from services.results.domain.themes import themes_by_rules as by_rules
from tests.services.models.stub import Answer, Stub, completion
from tests.services.results import build, told
from tests.services.results.scene import Scene, story
from tests.services.results.told import findings

REASONS = {
    "price": ("price", "costs", "expensive", "cheap", "money", "pay"),
    "taste": ("taste", "flavour", "tomato", "sour", "fresh", "pepper"),
    "health": ("healthy", "vegetables", "vitamins", "doctor", "diet", "body"),
}
FILLERS = ("work", "home", "evening", "kids", "shop", "morning", "dinner", "weekend", "summer", "friend", "city")
WHY = build.instrument("why", "text")
BOUGHT = build.instrument("bought", role="primary")


def written(n: int, seed: int = 1) -> list[tuple[str, str]]:
    """Reasons and the texts that give them, with words of no importance around them."""
    draw = random.Random(seed)
    kinds = [draw.choice(list(REASONS)) for _ in range(n)]
    return [(kind, " ".join([*draw.sample(REASONS[kind], 4), *draw.sample(FILLERS, 3)])) for kind in kinds]


def asked(texts: Sequence[str]) -> tuple[Study, list[Turn]]:
    """A study whose people wrote these."""
    study = build.study(build.plan(("a", "b"), (BOUGHT, WHY), {"a": len(texts) // 2, "b": len(texts) // 2}))
    turns = [build.turn(i, "ab"[i % 2], {"bought": True, "why": text}, response=None) for i, text in enumerate(texts)]
    return study, turns


def themes_by_rules(study: Study, turns: Sequence[Turn]) -> list[Themes]:
    """The themes of what these people wrote."""
    return by_rules(told.written(study, turns))


def test_reasons_that_people_share_are_found_again_by_another_half_of_the_texts() -> None:
    reasons = written(400)
    (found,) = themes_by_rules(*asked([text for _, text in reasons]))
    assert (found.field, found.n, found.of) == ("why", 400, 400)
    assert found.agreement.standing == "usable"
    assert found.agreement.value is not None
    assert found.agreement.value > 0.9
    taste = next(theme for theme in found.themes if set(theme.label.split(", ")) <= set(REASONS["taste"]))
    meant = sum(kind == "taste" for kind, _ in reasons)
    assert abs(taste.n - meant) < 0.1 * meant
    assert sum(taste.by_arm.values()) == taste.n
    assert sum(theme.n for theme in found.themes) == 400


def test_texts_without_anything_in_common_have_themes_that_are_said_to_be_of_no_use() -> None:
    draw = random.Random(5)
    words = [f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in ("nel", "rat", "sim", "tov")]
    texts = [" ".join(draw.sample(words, 12)) for _ in range(300)]
    study, turns = asked(texts)
    (found,) = themes_by_rules(study, turns)
    assert found.agreement.standing == "too_low"
    assert found.agreement.interval is not None
    assert found.agreement.interval[1] < 0.667
    assert "too little to be used" in found.note
    body = to_html(findings(study, turns)).decode()
    assert found.note in body
    assert "too low to use" in body


def test_the_order_of_the_turns_changes_nothing() -> None:
    study, turns = asked([text for _, text in written(120)])
    assert themes_by_rules(study, turns) == themes_by_rules(study, turns[::-1])


@pytest.mark.parametrize("texts", [["same text here"] * 40, ["", " "] * 20, [f"w{chr(97 + i)}zzz" for i in range(26)]])
def test_texts_that_cannot_be_told_apart_or_share_no_word_have_none(texts: list[str]) -> None:
    assert themes_by_rules(*asked(texts)) == []


def test_agreement_is_cohens_kappa_of_all_themes_and_of_each_against_the_rest() -> None:
    texts = [Text("a", str(i), f"agent_{i:04}") for i in range(100)]
    first = ["x"] * 50 + ["y"] * 40 + [OTHER] * 10
    again = ["x"] * 45 + ["y"] * 45 + [OTHER] * 10
    found = themes_of("why", "some-model", texts, Coded(first, again), of=120)
    observed, chance = 0.95, 0.5 * 0.45 + 0.4 * 0.45 + 0.1 * 0.1
    assert found.agreement.value == pytest.approx((observed - chance) / (1 - chance))
    assert [(theme.label, theme.n, theme.n_again, theme.n_both) for theme in found.themes] == [
        ("x", 50, 45, 45),
        ("y", 40, 45, 40),
        (OTHER, 10, 10, 10),
    ]
    assert found.themes[2].agents == tuple(f"agent_{i:04}" for i in range(90, 100))
    assert found.themes[2].agreement.value == 1.0
    assert found.alpha == pytest.approx(found.agreement.value, abs=0.01)


def test_an_agent_is_counted_once_in_each_arm_and_samples_are_evenly_spread() -> None:
    turns = [build.turn(1, "a", {"why": word}, round=n) for n, word in enumerate(("first", "last"), start=1)]
    study = build.study(build.plan(("a",), (WHY,), {"a": 1}))
    assert told.written(study, turns)["why"] == ([Text("a", "last", turns[0].agent_id)], 1)
    many = [build.turn(i, "a", {"why": str(i)}) for i in range(2 * MOST_TEXTS)]
    texts, of = told.written(study, many)["why"]
    assert ([text.words for text in texts], of) == ([str(i) for i in range(0, len(many), 2)], len(many))
    assert code([Text("a", "")] * 30) is None


def blocks(request: dict[str, Any]) -> dict[str, Any]:
    messages = [ChatMessage(role=one["role"], content=one["content"]) for one in request["messages"]]
    return read_blocks(messages)


async def test_a_model_codes_twice_in_opposite_orders_and_what_it_finds_stands_in_the_results(
    online_scene: Scene, provider: Stub
) -> None:
    def coder(request: dict[str, Any], _number: int) -> Answer:
        given = blocks(request)
        if "labels" not in given:
            return completion(json.dumps({"labels": ["Price", "Taste", "Health"]}))
        first = given["labels"][0] == "Price"

        def label(text: str) -> str:
            if any(word in text for word in REASONS["price"]):
                return "Price"
            if "flavour" in text:
                return "Taste" if first else "Health"
            return "Taste" if any(word in text for word in REASONS["taste"]) else "Health"

        items = [{"index": one["index"], "label": label(one["text"])} for one in given["content"]]
        return completion(json.dumps({"items": items}))

    provider.answer = coder
    study, turns = asked([text for _, text in written(60)])
    assert study.plan is not None
    await online_scene.publish(*story(turns, study.plan))
    await online_scene.completed()
    body = {"field": "why", "model": "some-model", "n": 4}
    answer = await online_scene.client.post("/results/sim_1/themes", json=body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["themes"]["coder"] == "some-model"
    assert {theme["label"] for theme in found["themes"]["themes"]} == {"Price", "Taste", "Health"}
    assert found["themes"]["agreement"]["interval"] is not None
    assert found["usage"]["calls"] == 1 + 2 * 2
    assert found["evidence"]["caveat"]
    orders = {tuple(blocks(request)["labels"]) for request in provider.requests if "labels" in blocks(request)}
    assert orders == {("Price", "Taste", "Health", OTHER), (OTHER, "Health", "Taste", "Price")}
    shown = (await online_scene.aggregate())["aggregate_results"]["themes"]
    assert found["themes"] in shown
    document = (await online_scene.export("json")).json()
    assert "some-model" not in json.dumps(document["content"]["description"]["themes"])
    assert document["run"]["themes"][0]["coder"] == "some-model"
    wrong = await online_scene.client.post("/results/sim_1/themes", json={"field": "mood"})
    assert wrong.json()["errors"][0]["allowed"] == ["why", "response"]


@pytest.mark.parametrize("wait_s", [2.0])
async def test_a_model_that_takes_too_long_is_said_and_the_same_request_goes_on_where_it_stopped(
    online_scene: Scene, provider: Stub
) -> None:
    def coder(delay_s: float) -> Callable[[dict[str, Any], int], Answer]:
        def answer(request: dict[str, Any], _number: int) -> Answer:
            given = blocks(request)
            if "labels" not in given:
                return completion(json.dumps({"labels": ["Price", "Taste"]}))
            items = [{"index": one["index"], "label": "Price"} for one in given["content"]]
            is_second_pass = given["labels"][0] == OTHER
            return replace(completion(json.dumps({"items": items})), delay_s=delay_s if is_second_pass else 0.0)

        return answer

    study, turns = asked([text for _, text in written(60)])
    assert study.plan is not None
    await online_scene.publish(*story(turns, study.plan))
    await online_scene.completed()
    body = {"field": "why", "model": "some-model", "n": 3}
    provider.answer = coder(3.0)
    late = await online_scene.client.post("/results/sim_1/themes", json=body)
    assert (late.status_code, late.json()["title"]) == (503, "Not finished in time")
    assert "within 2 seconds" in late.json()["detail"]
    found = await online_scene.client.post("/results/sim_1/themes", json=body)
    assert found.status_code == 200, found.text
    assert len(provider.requests) == 1 + 2 * 2, "nothing is asked twice, calls under way least of all"
