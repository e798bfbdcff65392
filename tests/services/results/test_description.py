"""Distributions, funnel, segments and the score."""

import pytest

from tests.services.results import build
from tests.services.results.told import describe

OPENED = build.instrument("opened", role="primary")
CLICKED = build.instrument("clicked", requires="opened")
BOUGHT = build.instrument("bought", requires="clicked")


def test_the_funnel_counts_who_reached_each_stage_and_who_passed_it() -> None:
    study = build.study(build.plan(("a", "b"), [OPENED, CLICKED, BOUGHT], {"a": 4, "b": 1}))
    ways = [(True, True, False), (True, False, None), (True, True, True), (False, None, None)]
    turns = [
        build.turn(i, "a", dict(zip(("opened", "clicked", "bought"), way, strict=True))) for i, way in enumerate(ways)
    ]
    stages = [stage for stage in describe(study, turns).funnel if stage.arm == "a"]
    assert [(s.metric, s.depth, s.reached, s.passed, s.share_of_all) for s in stages] == [
        ("opened", 0, 4, 3, 0.75),
        ("clicked", 1, 3, 2, 0.5),
        ("bought", 2, 2, 1, 0.25),
    ]
    assert stages[1].share_of_reached == pytest.approx(2 / 3)


def test_metrics_outside_a_funnel_are_no_stage() -> None:
    study = build.study(build.plan(("a",), [OPENED], {"a": 1}))
    assert describe(study, [build.turn(1, "a", {"opened": True})]).funnel == ()


@pytest.mark.parametrize(
    ("kind", "fields", "answers", "expected", "missing"),
    [
        ("binary", {}, [True, False, True], {"yes": 2, "no": 1}, 0),
        ("binary", {"requires": "opened"}, [True, None, None], {"yes": 1, "no": 0, "not reached": 2}, 0),
        ("ordinal", {"minimum": 1, "maximum": 3}, [1.0, 3.0, 3.0, None], {"1": 1, "2": 0, "3": 2}, 1),
        ("choice", {"options": ("x", "y")}, ["y", "z"], {"x": 0, "y": 1}, 1),
        ("ranking", {"options": ("x", "y")}, [["y", "x"], ["y", "x"]], {"x": 0, "y": 2}, 0),
        ("text", {}, ["words", ""], {}, 1),
    ],
)
def test_answers_are_counted_by_what_their_type_allows(
    kind: str, fields: dict[str, object], answers: list[object], expected: dict[str, int], missing: int
) -> None:
    study = build.study(build.plan(("a",), [build.instrument("m", kind, **fields)], {"a": len(answers)}))
    turns = [build.turn(i, "a", {"m": answer}) for i, answer in enumerate(answers)]  # type: ignore[dict-item]
    [found] = describe(study, turns).distributions
    assert ({b.label: b.count for b in found.bins}, found.missing) == (expected, missing)


def test_a_long_scale_is_shown_in_ten_classes_that_hold_every_value() -> None:
    days = build.instrument("days", "numeric", minimum=0, maximum=30)
    study = build.study(build.plan(("a",), [days], {"a": 31}))
    [found] = describe(study, [build.turn(i, "a", {"days": float(i)}) for i in range(31)]).distributions
    assert len(found.bins) == 10
    assert found.bins[0].label == "0–3"
    assert sum(b.count for b in found.bins) == 31


def test_a_segment_is_worth_the_groups_its_people_talked_in() -> None:
    study = build.study(build.plan(("a",), [OPENED], {"a": 6}))
    turns = [
        build.turn(i, "a", {"opened": i < 3}, segment="old", cluster_id=f"group-1-{i % 2}", round=1) for i in range(6)
    ]
    (old,) = describe(study, turns).segments
    assert (old.n, old.evidence.clusters) == (6, 2)


def test_segments_are_described_by_arm_the_people_of_none_last_and_with_their_worth() -> None:
    study = build.study(build.plan(("a", "b"), [OPENED], {"a": 3, "b": 3}))
    turns = [build.turn(i, "ab"[i % 2], {"opened": i < 3}, segment=(None, "old", "young")[i % 3]) for i in range(6)]
    description = describe(study, turns)
    assert [segment.label for segment in description.segments] == ["old", "young", "unsegmented"]
    old = description.segments[0]
    assert (old.n, {e.arm: e.value for e in old.estimates}) == (2, {"a": 0.0, "b": 1.0})
    assert old.evidence.grade == "C"
    assert old.evidence.clusters == 2


def test_the_score_is_the_primary_metric_over_all_arms() -> None:
    liked = build.instrument("liked", "ordinal", minimum=1, maximum=10, role="primary")
    study = build.study(build.plan(("a", "b"), [build.instrument("opened"), liked], {"a": 1, "b": 1}))
    turns = [build.turn(1, "a", {"opened": True, "liked": 3.0}), build.turn(2, "b", {"opened": True, "liked": 6.0})]
    score = describe(study, turns).score
    assert score is not None
    assert (score.metric, score.n, score.value) == ("liked", 2, 4.5)
