"""Normalisation: every text gets a label, there are no more labels than allowed, and the model is checked."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.turns import ChatMessage
from libs.minds.blocks import read_blocks
from services.results.domain.normalization import OTHER, by_likeness
from tests.services.models.stub import Answer, Stub, completion, error
from tests.services.results import build
from tests.services.results.scene import Scene, created

TEXTS = [
    "too expensive",
    "Too expensive!",
    "very expensive",
    "price",
    "the price is high",
    "privacy",
    "private data",
    "my privacy",
    "ugly colour",
    "",
]


def test_texts_that_share_words_or_spelling_share_a_label_called_like_the_most_frequent_one() -> None:
    found = by_likeness([*TEXTS, "too expensive", "privacy"], 6)
    assert found.mapping["Too expensive!"] == found.mapping["very expensive"] == "too expensive"
    assert found.mapping["my privacy"] == "privacy"
    assert found.mapping["ugly colour"] == "ugly colour"
    assert found.mapping[""] == OTHER
    assert len(found.labels) <= 6


def test_of_more_groups_than_labels_the_largest_keep_theirs_and_the_rest_is_other() -> None:
    found = by_likeness(TEXTS, 2)
    assert found.labels == ("too expensive", OTHER)
    assert found.normalized.count("too expensive") == 3
    assert by_likeness(["a b c", "x y z"], 1).labels == (OTHER,)


@given(st.lists(st.text(max_size=12), max_size=30), st.integers(1, 6), st.randoms())
def test_every_text_has_a_label_whatever_it_is_and_whatever_the_order(
    texts: list[str], n: int, draw: random.Random
) -> None:
    found = by_likeness(texts, n)
    assert len(found.normalized) == len(texts)
    assert len(found.labels) <= n
    assert set(found.normalized) == set(found.labels)
    shuffled = draw.sample(texts, len(texts))
    assert by_likeness(shuffled, n).mapping == found.mapping


def test_thousands_of_different_texts_are_labelled_too() -> None:
    texts = [f"{word} number {n}" for n in range(500) for word in ("price", "speed", "colour")]
    found = by_likeness(texts, 4)
    assert len(found.normalized) == 1500
    assert len(found.labels) <= 4


async def normalize(scene: Scene, **spec: Any) -> dict[str, Any]:
    answer = await scene.client.post("/results/normalize", json=spec)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def said(scene: Scene, *reasons: str) -> None:
    turns = [build.turn(number, "all", {"why": reason}) for number, reason in enumerate(reasons, start=1)]
    await scene.publish(created(None), *build.recorded(turns))
    await scene.counted(len(reasons))


async def test_texts_that_are_sent_are_labelled_in_their_order(quick_scene: Scene) -> None:
    found = await normalize(quick_scene, values=["cheap", "cheap!", "slow"], n=3)
    assert found["normalized"] == ["cheap", "cheap", "slow"]
    assert [(one["label"], one["count"]) for one in found["labels"]] == [("cheap", 2), ("slow", 1)]
    assert (found["evidence"], found["notice"]) == (None, None)


async def test_a_field_of_a_simulation_or_of_an_extraction_of_it_is_labelled_with_what_that_is_worth(
    scene: Scene,
) -> None:
    await said(scene, "too expensive", "so expensive", "no time")
    found = await normalize(scene, simulation_id="sim_1", field="why", n=3)
    assert found["normalized"] == ["so expensive", "so expensive", "no time"]
    assert found["evidence"]["grade"] == "C"
    made = await scene.client.post("/results/extract", json={"simulation_id": "sim_1", "fields": ["why", "gender"]})
    source = {"simulation_id": "sim_1", "extraction_id": made.json()["id"]}
    assert (await normalize(scene, **source, field="gender", n=3))["normalized"] == ["female"] * 3
    for spec, field in (
        ({"simulation_id": "sim_1", "field": "shoe_size"}, "field"),
        ({**source, "field": "arm"}, "field"),
        ({"simulation_id": "sim_1"}, "field"),
        ({"values": ["a"], "simulation_id": "sim_1", "field": "why"}, "values"),
        ({"values": ["a"], "n": 0}, "n"),
    ):
        refused = await scene.client.post("/results/normalize", json={"n": 3, **spec})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == field


# --- with a language model -------------------------------------------------------------------------------------------


def blocks(request: dict[str, Any]) -> dict[str, Any]:
    return read_blocks(ChatMessage(**message) for message in request["messages"])


def careless(request: dict[str, Any], number: int) -> Answer:
    """A model that names labels, and the first time leaves out every second text."""
    shown = blocks(request)
    if "labels" not in shown:
        return completion(json.dumps({"labels": ["Cost", "Time", "cost", "Other", "Looks", "Too many"]}))
    items = [
        {"index": one["index"], "label": "Cost"} for one in shown["content"] if number > 2 or one["index"] % 2 == 0
    ]
    return completion(json.dumps({"items": items}))


async def test_what_a_model_leaves_out_is_asked_again_and_nothing_is_lost(online_scene: Scene, provider: Stub) -> None:
    provider.answer = careless
    texts = [f"reason {number}" for number in range(8)]
    found = await normalize(online_scene, values=[*texts, ""], n=4, model="some-model", hint="why people hesitate")
    assert found["normalized"] == ["Cost"] * 8 + [OTHER]
    assert (found["unassigned"], found["method"], found["usage"]["calls"]) == (0, "some-model", 3)
    first, second, third = map(blocks, provider.requests)
    assert first["task"] == {"most": 3, "purpose": "why people hesitate"}
    assert second["labels"] == ["Cost", "Time", "Looks", OTHER]
    assert [one["text"] for one in third["content"]] == ["reason 1", "reason 3", "reason 5", "reason 7"]


async def test_a_portion_with_a_label_that_is_none_is_asked_again(online_scene: Scene, provider: Stub) -> None:
    def misnames(request: dict[str, Any], number: int) -> Answer:
        if "labels" not in blocks(request):
            return completion(json.dumps({"labels": ["Cost"]}))
        label = "Money" if number < 4 else "Cost"  # also when the models service asks for a repair
        return completion(json.dumps({"items": [{"index": 0, "label": label}, {"index": 1, "label": OTHER}]}))

    provider.answer = misnames
    found = await normalize(online_scene, values=["a", "b"], n=2, model="some-model")
    assert (found["normalized"], found["unassigned"]) == (["Cost", OTHER], 0)


async def test_what_a_model_never_labels_is_other_and_counted(online_scene: Scene, provider: Stub) -> None:
    def lazy(request: dict[str, Any], _number: int) -> Answer:
        items = [{"index": 0, "label": "Cost"}, {"index": 99, "label": "Cost"}, {"index": 0, "label": OTHER}]
        return completion(json.dumps({"items": items} if "labels" in blocks(request) else {"labels": ["Cost"]}))

    provider.answer = lazy
    found = await normalize(online_scene, values=["a", "b", "c", "d"], n=2, model="some-model")
    assert found["normalized"] == ["Cost", "Cost", OTHER, OTHER]
    assert found["unassigned"] == 2


@pytest.mark.parametrize("asks_for_labels", [True, False])
async def test_a_model_that_fails_is_said_to_have_failed(
    online_scene: Scene, provider: Stub, asks_for_labels: bool
) -> None:
    def fails(request: dict[str, Any], _number: int) -> Answer:
        is_asked = "labels" not in blocks(request)
        return error(400, "no") if is_asked is asks_for_labels else completion(json.dumps({"labels": ["Cost"]}))

    provider.answer = fails
    answer = await online_scene.client.post("/results/normalize", json={"values": ["a"], "n": 3, "model": "some-model"})
    assert (answer.status_code, answer.json()["title"]) == (502, "The model did not answer")
