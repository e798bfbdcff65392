"""Whose turn it is, and when an endpoint is left alone. Time is simulated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.models.domain.scheduling.breaker import LONGEST_S, RUN, Breaker
from services.models.domain.scheduling.ends import End, Verdict
from services.models.domain.scheduling.schedule import Limits
from services.models.domain.scheduling.shares import FairQueue, Share
from tests.services.models.simulated import Rated, run

FAILED = End(Verdict.FAILED, reason="503: busy")
ANSWERED = End(Verdict.ANSWERED)


def fairness(got: list[float]) -> float:
    """Jain's index: 1 when all have the same."""
    return sum(got) ** 2 / (len(got) * sum(value * value for value in got))


def test_a_late_small_simulation_is_not_starved_by_a_large_one():
    arrivals = {"large": (0.0, 10_000, 1.0), "small": (30.0, 200, 1.0)}
    done = run(Rated(lambda now: 100.0), 60, limits=Limits(2_000), arrivals=arrivals)
    ended = [second for (name, second), _ in done.by_share.items() if name == "small"]
    assert max(ended) <= 37  # half of 100 calls a second, and a latency of 2 s


def test_simulations_that_wait_get_equal_shares_whenever_they_came():
    arrivals = {f"sim_{place}": (5.0 * place, 4_000, 1.0) for place in range(5)}
    done = run(Rated(lambda now: 200.0), 90, arrivals=arrivals)
    got = [sum(done.by_share[name, second] for second in range(40, 80)) for name in arrivals]
    assert fairness(got) >= 0.95


def test_shares_are_by_weight():
    arrivals = {"light": (0.0, 9_000, 1.0), "heavy": (0.0, 9_000, 3.0)}
    done = run(Rated(lambda now: 200.0), 60, arrivals=arrivals)
    light, heavy = (sum(done.by_share[name, second] for second in range(20, 60)) for name in arrivals)
    assert heavy == pytest.approx(3 * light, rel=0.05)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 50), st.booleans()), max_size=60))
def test_everything_that_waits_comes_out_once_and_in_order_of_arrival_in_its_share(arrivals):
    queue: FairQueue[tuple[int, int]] = FairQueue()
    taken: list[tuple[int, int]] = []
    for number, (share, cost, is_taken) in enumerate(arrivals):
        queue.push(Share(str(share)), (share, number), cost)
        if is_taken:
            taken.append(queue.peek())
            assert queue.pop() == taken[-1]
    rest = [queue.pop() for _ in range(len(queue))]
    for share in range(6):
        numbers = [number for name, number in taken + rest if name == share]
        assert numbers == sorted(numbers)


def test_what_is_made_again_goes_before_the_others_of_its_share():
    queue: FairQueue[str] = FairQueue()
    for name in ("first", "second"):
        queue.push(Share("sim"), name, 1)
    queue.push(Share("sim"), "again", 1, is_first=True)
    assert [queue.pop() for _ in range(3)] == ["again", "first", "second"]


def test_time_away_is_not_saved_up():
    queue: FairQueue[str] = FairQueue()
    queue.push(Share("rare"), "rare", 1)
    for _ in range(100):
        queue.push(Share("busy"), "busy", 1)
    for _ in range(60):
        queue.pop()
    for _ in range(10):
        queue.push(Share("rare"), "rare", 1)
    assert [queue.pop() for _ in range(10)].count("rare") == 5


def opened(now: float = 0.0) -> Breaker:
    """A breaker after a run of failures."""
    breaker = Breaker()
    for _ in range(RUN):
        breaker.ended(now, breaker.started(), FAILED)
    return breaker


def test_a_run_of_failures_opens_it_and_gives_the_reason():
    breaker = opened()
    assert breaker.wait_s(0.0) == 1.0
    assert breaker.reason == "503: busy"


def test_failures_with_answers_between_them_are_no_run():
    breaker = Breaker()
    for _ in range(3 * RUN):
        breaker.ended(0.0, breaker.started(), FAILED)
        breaker.ended(0.0, breaker.started(), ANSWERED)
    assert breaker.is_closed


def test_answers_to_calls_from_before_the_run_do_not_hide_it():
    breaker = Breaker()
    earlier = [breaker.started() for _ in range(RUN)]
    for start in earlier:
        breaker.ended(0.0, breaker.started(), End(Verdict.REFUSED))
        breaker.ended(0.0, start, ANSWERED)
    assert not breaker.is_closed


def test_some_refusals_among_calls_that_are_being_answered_are_no_run():
    breaker = Breaker()
    for _ in range(3 * RUN):
        breaker.started()
        breaker.ended(0.0, breaker.started(), End(Verdict.REFUSED))
    assert breaker.is_closed


def test_a_burst_that_is_refused_is_no_outage_where_many_calls_are_in_flight():
    breaker = Breaker()
    for _ in range(10 * RUN):
        breaker.ended(0.0, breaker.started(), End(Verdict.REFUSED), limit=1_000)
    assert breaker.is_closed


def test_one_probe_is_let_through_and_its_answer_closes_it():
    breaker = opened()
    assert breaker.wait_s(1.0) == 0.0
    probe = breaker.started()
    assert breaker.wait_s(1.0) == float("inf")
    breaker.ended(2.0, probe, ANSWERED)
    assert (breaker.is_closed, breaker.wait_s(2.0), breaker.reason) == (True, 0.0, "")


def test_probes_that_fail_are_ever_further_apart():
    breaker, now, pauses = opened(), 0.0, []
    for _ in range(8):
        pauses.append(breaker.wait_s(now))
        now += pauses[-1]
        breaker.ended(now, breaker.started(), FAILED)
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, LONGEST_S, LONGEST_S, LONGEST_S]
    assert breaker.opened_at == 0.0


def test_a_pause_that_the_endpoint_asks_for_is_kept():
    breaker = opened()
    breaker.ended(1.0, breaker.started(), End(Verdict.REFUSED, asked_s=7.0))
    assert breaker.wait_s(1.0) == 7.0


def test_calls_that_began_before_it_closed_do_not_open_it_again():
    breaker = Breaker()
    earlier = [breaker.started() for _ in range(2 * RUN)]
    for _ in range(RUN):
        breaker.ended(0.0, breaker.started(), FAILED)
    assert not breaker.is_closed
    breaker.ended(2.0, breaker.started(), ANSWERED)
    for start in earlier:
        breaker.ended(3.0, start, FAILED)
    assert breaker.is_closed


def test_a_probe_that_was_given_up_makes_room_for_another():
    breaker = opened()
    breaker.ended(1.0, breaker.started(), End(Verdict.ABANDONED))
    assert breaker.wait_s(1.0) == 0.0


def test_an_error_about_the_call_itself_says_that_the_endpoint_is_well():
    breaker = opened()
    breaker.ended(1.0, breaker.started(), End(Verdict.REJECTED))
    assert breaker.is_closed
