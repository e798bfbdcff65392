"""Timelines: what is part of one, however often a simulation went back."""

from libs.contracts.timelines import MAIN, Ancestor


def test_a_fork_has_the_past_of_its_parent_up_to_the_mark() -> None:
    fork = MAIN.fork(2, 3)
    assert (fork.timeline_id, fork.number) == ("main.2", 2)
    assert [fork.includes("main", place) for place in (0, 3, 4)] == [True, True, False]
    assert fork.includes("main.2", 4)
    assert not MAIN.includes("main.2", 4)


def test_a_fork_of_a_fork_has_the_past_of_both_and_an_earlier_mark_cuts_both() -> None:
    fork = MAIN.fork(2, 3)
    assert fork.fork(3, 5).ancestors == (
        Ancestor(timeline_id="main", through=3),
        Ancestor(timeline_id="main.2", through=5),
    )
    early = fork.fork(4, 2)
    assert [early.includes(*place) for place in (("main", 2), ("main", 3), ("main.2", 3))] == [True, False, False]
