"""How many calls are in flight: capacity is found, used, and followed. Time is simulated."""

import pytest

from services.models.domain.scheduling.schedule import Limits
from tests.services.models.simulated import TIMEOUT_S, Hanging, Queued, Rated, run


def steps(now: float) -> float:
    """500 calls a second, 250 from 40 s on, 600 from 80 s on."""
    return 500.0 if now < 40 else 250.0 if now < 80 else 600.0


@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_nearly_all_of_a_capacity_is_used_and_hardly_a_call_is_refused(spread):
    done = run(Rated(lambda now: 500.0, spread=spread), 60)
    assert done.rate(range(20, 60)) >= 0.95 * 500
    assert done.refusals(range(20, 60)) <= 0.02


def test_a_capacity_that_steps_down_is_followed_within_ten_seconds():
    done = run(Rated(steps), 80)
    assert done.refusals(range(50, 80)) <= 0.02
    assert done.rate(range(50, 80)) >= 0.95 * 250


def test_a_capacity_that_steps_up_is_used_within_ten_seconds():
    done = run(Rated(steps), 120)
    assert done.rate(range(92, 120)) >= 0.95 * 600  # what starts in the tenth second ends two seconds later
    assert done.refusals(range(0, 120)) <= 0.02


@pytest.mark.parametrize("spread", [0.1, 0.8])
@pytest.mark.parametrize(("places", "latency_s"), [(4, 3.0), (64, 0.2), (256, 3.0)])
def test_an_endpoint_that_queues_is_kept_busy_and_its_queue_short_of_time_outs(places, latency_s, spread):
    done = run(Queued(places, lambda now: latency_s, spread), 180)
    assert done.rate(range(60, 180)) >= 0.95 * places / latency_s
    assert sum(done.late.values()) <= 0.01 * sum(done.answered.values())


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_calls_that_hang_among_quick_ones_do_not_strangle_the_others(share):
    done = run(Hanging(share), 600, limits=Limits(128))
    held_s = share * TIMEOUT_S + (1 - share) * 0.2  # by a call, of one of 128 places
    assert done.rate(range(200, 600)) >= 0.4 * (1 - share) * 128 / held_s


def test_an_endpoint_that_answers_nothing_is_asked_for_little():
    done = run(Hanging(1.0), 1_200, limits=Limits(128))
    assert sum(done.late[second] for second in range(900, 1_200)) <= 30


def test_answers_that_take_longer_for_their_own_reasons_do_not_strangle_the_calls():
    done = run(Queued(10_000, lambda now: 1.0 if now < 60 else 4.0), 160, limits=Limits(400))
    assert done.rate(range(40, 60)) >= 0.95 * 400
    assert done.rate(range(120, 160)) >= 0.95 * 100


@pytest.mark.parametrize("few", [17, 50, 1_000])
@pytest.mark.parametrize(("before_s", "after_s", "within_s"), [(0.2, 0.2, 2), (0.001, 0.2, 2), (2.0, 2.0, 14)])
def test_the_limit_doubles_with_every_round_trip_until_demand_is_met(few, before_s, after_s, within_s):
    arrivals = {"few": (0.0, few, 1.0), "many": (30.0, 1_000, 1.0)}
    endpoint = Queued(10_000, lambda now: before_s if now < 30 else after_s)
    done = run(endpoint, 60, limits=Limits(1_000), arrivals=arrivals)
    assert done.answered.total() == few + 1_000
    assert max(done.answered) < 30 + within_s


@pytest.mark.parametrize("after_s", [0.35, 0.4, 0.45, 1.0])
def test_a_latency_that_rose_for_its_own_reasons_is_found_out_soon(after_s):
    arrivals = {"few": (0.0, 50, 1.0), "many": (30.0, 1_000, 1.0)}
    done = run(Queued(10_000, lambda now: 0.001 if now < 30 else after_s), 60, limits=Limits(1_000), arrivals=arrivals)
    assert max(done.answered) < 30 + 10 * max(after_s, 0.5)


def test_retreats_that_prove_useless_are_taken_back():
    arrivals = {"before": (0.0, 4_000, 1.0), "after": (30.0, 9_000, 1.0)}
    endpoint = Queued(10_000, lambda now: 0.2 if now < 30 else 2.0)
    done = run(endpoint, 60, limits=Limits(1_000), arrivals=arrivals)
    assert done.rate(range(42, 46)) >= 0.95 * 1_000 / 2.0


def test_an_endpoint_that_was_idle_for_long_does_not_start_from_scratch():
    arrivals = {"before": (0.0, 4_000, 1.0), "after": (3_600.0, 1_000, 1.0)}
    done = run(Queued(10_000, lambda now: 0.5), 3_610, limits=Limits(1_000), arrivals=arrivals)
    assert max(done.answered) <= 3_601


def test_no_more_are_in_flight_than_the_endpoint_may_have():
    done = run(Queued(10_000, lambda now: 1.0), 60, limits=Limits(50))
    assert done.schedule.flow.limit == 50
    assert done.rate(range(20, 60)) == pytest.approx(50, rel=0.05)


def test_a_known_rate_is_kept_to_from_the_start_and_nothing_is_refused():
    done = run(Rated(lambda now: 10.0), 60, limits=Limits(2_000, rpm=600))
    assert done.rate(range(3, 60)) >= 0.95 * 10
    assert sum(done.refused.values()) <= 10  # those that start in the first second, at once


def test_known_tokens_are_kept_to():
    done = run(Queued(10_000, lambda now: 1.0), 60, limits=Limits(2_000, tpm=60_000))  # calls of 100 tokens
    assert done.rate(range(3, 60)) == pytest.approx(10, rel=0.05)
