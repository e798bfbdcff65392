"""Live aggregates: any order and repetition of responses gives the same bytes, at the end those of the batch."""

import json
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.chosen import Chosen
from libs.contracts.instruments import Answer
from services.results.domain.live import Running
from services.results.domain.records import Study, Turn
from services.results.domain.samples import count_heads
from tests.services.results import build
from tests.services.results.told import analyse, replies

INSTRUMENTS = (
    build.instrument("open", role="primary"),
    build.instrument("click", requires="open"),
    build.instrument("intent", "ordinal", minimum=1, maximum=7),
    build.instrument("price", "numeric", minimum=0, maximum=1_000),
    build.instrument("plan", "choice", options=("free", "pro")),
    build.instrument("order", "ranking", options=("x", "y")),
    build.instrument("why", "text"),
)
ARMS = ("control", "treatment")
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "open": st.booleans(),
        "click": st.none() | st.booleans(),
        "intent": st.integers(1, 7).map(float),
        "price": st.floats(0, 1_000, allow_subnormal=True).map(abs),
        "plan": st.sampled_from(("free", "pro", "gold")),
        "order": st.sampled_from((("x", "y"), ("y", "x"))),
        "why": st.just("because"),
    },
)


@st.composite
def scripts(draw: st.DrawFn) -> list[Turn]:
    """Turns of a few agents in several rounds, some failed, some of people who talked with each other."""
    turns = []
    for number in range(1, draw(st.integers(1, 8)) + 1):
        arm = draw(st.sampled_from(ARMS))
        for round_number in range(1, draw(st.integers(1, 4)) + 1):
            cluster = draw(st.none() | st.sampled_from(("group_1", "group_2", "group_3")))
            answers = draw(st.none() | ANSWERS)
            turns.append(build.turn(number, arm, answers, round=round_number, cluster_id=cluster))
    return turns


def planned(*, is_planned: bool = True) -> Study:
    if not is_planned:
        return build.study(None, instruments=INSTRUMENTS)
    return build.study(build.plan(ARMS, INSTRUMENTS, {"control": 9, "treatment": 9}))


def running(study: Study, turns: Sequence[Turn], learnt_after: int = 0) -> Running:
    """Everything taken in, in this order; the instruments become known after so many turns."""
    found = Running()
    for place, turn in enumerate(turns):
        if place == learnt_after:
            found.learn(study)
        found.add(turn)
    found.learn(study)
    return found


def written(study: Study, found: Running) -> bytes:
    """All that is published of them, as bytes."""
    parts = [one.model_dump(mode="json") for one in found.estimates(study)]
    heads = found.heads(study)
    counts = [heads.assigned, heads.answered, heads.failed, heads.units]
    return json.dumps([parts, counts, found.evidence(study).model_dump(mode="json")], sort_keys=True).encode()


@given(scripts(), st.data(), st.booleans())
def test_any_order_and_repetition_of_the_same_turns_gives_the_same_bytes(
    turns: list[Turn], data: st.DataObject, is_planned: bool
) -> None:
    study = planned(is_planned=is_planned)
    again = data.draw(st.lists(st.sampled_from(turns), max_size=12))
    shuffled = data.draw(st.permutations([*turns, *again]))
    late = data.draw(st.integers(0, len(shuffled)))
    assert written(study, running(study, shuffled, late)) == written(study, running(study, turns))


@given(scripts())
def test_with_every_turn_in_they_are_what_the_analysis_says_to_the_last_bit(turns: list[Turn]) -> None:
    study = planned()
    found = running(study, turns)
    analysis = analyse(study, turns)
    batch = {
        (e.metric, e.option, e.arm): (e.value, e.evidence.clusters) for e in analysis.estimates if e.evidence.clusters
    }
    live = {(e.metric, e.option, e.arm): (e.value, e.n) for e in found.estimates(study)}
    assert live == batch
    assert found.heads(study) == count_heads(study, ARMS, replies(study, turns).all)


@given(scripts(), st.data())
def test_to_let_go_of_who_answered_changes_nothing_of_what_is_said(turns: list[Turn], data: st.DataObject) -> None:
    study, late = planned(), data.draw(st.integers(0, len(turns)))
    found = Running()
    for place, turn in enumerate(turns):
        if place == late:
            found.learn(study)
        found.add(turn)
    found.close()
    found.learn(study)
    found.close()
    assert written(study, found) == written(study, running(study, turns))


def test_what_was_let_go_of_takes_no_memory() -> None:
    study, count = planned(), 2_000
    tracemalloc.start()
    try:
        found = Running()
        found.learn(study)
        for number in range(count):
            found.add(build.turn(number, "control", {"open": True, "price": float(number)}))
        followed, _ = tracemalloc.get_traced_memory()
        found.close()
        left, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.heads(study).answered["control"] == count
    assert left < followed / 20


def test_where_there_is_a_plan_the_interval_holds_at_every_look_and_is_wider_than_that_of_a_fixed_n() -> None:
    study, turns = build.campaign()
    fixed = {(e.metric, e.arm): e.interval for e in analyse(study, turns).estimates}
    found = running(study, turns).estimates(study)
    assert {one.metric for one in found} == {"open_rate", "click_through", "purchase_intent"}
    for one in found:
        own, other = one.interval, fixed[one.metric, one.arm]
        assert own is not None
        assert other is not None
        assert own[0] < other[0] < one.value < other[1] < own[1]
        assert "every look" in one.method


def test_an_interval_stays_on_the_scale_at_every_look() -> None:
    turns = []
    for n in range(4):
        order = ("x", "y") if n % 2 else ("y", "x")
        answers: dict[str, Answer] = {"open": n % 2 == 0, "intent": (1.0, 7.0, 6.0)[n % 3], "order": order}
        turns.append(build.turn(n, "control", answers, cluster_id=f"group_{n % 3}"))
    limits = {"open": (0, 1), "intent": (1, 7), "order": (1, 2)}
    for is_planned in (True, False):
        study = planned(is_planned=is_planned)
        found = [one for one in running(study, turns).estimates(study) if one.interval is not None]
        assert {one.metric for one in found} == set(limits)
        for one in found:
            assert one.interval is not None
            assert limits[one.metric][0] <= one.interval[0] < one.interval[1] <= limits[one.metric][1]


def test_an_amount_without_ends_has_no_interval_before_five_hundred_answers() -> None:
    price = build.instrument("price", "numeric")
    study = build.study(build.plan(("control",), [price], {"control": 600}))
    turns = [build.turn(n, "control", {"price": float(n % 50)}) for n in range(500)]
    [early] = running(study, turns[:499]).estimates(study)
    [later] = running(study, turns).estimates(study)
    assert early.interval is None
    assert early.method.endswith("from 500 answers on")
    assert later.interval is not None


def test_an_instrument_that_turns_out_to_be_another_is_not_known() -> None:
    study, turns = build.campaign()
    found = running(study, turns)
    other = study.instruments[0].model_copy(update={"question": "Another question?"})
    assert found.knows(study)
    assert not found.knows(replace(study, instruments=(other,)))
    assert not found.knows(replace(study, chosen=Chosen({("again", "control"): ("open_rate",)})))
