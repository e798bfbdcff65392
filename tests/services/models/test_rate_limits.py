"""What endpoints say about their limits, and the token buckets that keep to it. Time is simulated."""

from email.utils import formatdate

import pytest

from services.models.domain.scheduling.buckets import Bucket
from services.models.domain.scheduling.headers import Allowance, read_allowance, retry_after_s

NOON = 1_700_000_000.0


def pass_through(bucket: Bucket, amount: float, *, seconds: float) -> int:
    """How often so much is let through in a time, by somebody who always wants more."""
    now, count = 0.0, 0
    while True:
        now += bucket.wait_s(now, amount)
        if now >= seconds:
            return count
        bucket.take(now, amount)
        count += 1


@pytest.mark.parametrize(
    ("per_minute", "amount", "passed"), [(600, 1, 601), (60, 1, 61), (6_000, 100, 60), (60, 30, 3)]
)
def test_what_is_allowed_in_a_minute_passes_in_a_minute_and_not_all_at_once(per_minute, amount, passed):
    assert pass_through(Bucket(per_minute), amount, seconds=60.0) == pytest.approx(passed, abs=1)


def test_without_a_rate_everything_passes():
    assert Bucket().wait_s(0.0, 10**9) == 0.0


def test_what_was_reserved_and_not_used_is_given_back():
    bucket = Bucket(6_000)
    bucket.take(0.0, 1_000)
    assert bucket.wait_s(0.0, 1) == pytest.approx(9.91)
    bucket.settle(0.0, 1_000, 200)
    assert bucket.wait_s(0.0, 1) == pytest.approx(1.91)


def test_what_was_used_beyond_the_estimate_is_paid_for():
    bucket = Bucket(6_000)
    bucket.take(0.0, 100)
    bucket.settle(0.0, 100, 300)
    assert bucket.wait_s(0.0, 10) == pytest.approx(3.0)


def test_a_stricter_limit_of_the_endpoint_replaces_the_configured_one_and_a_looser_one_does_not():
    bucket = Bucket(600)
    bucket.adopt(0.0, Allowance(limit=60, remaining=60, resets_in_s=0.0), age_s=0.0)
    assert bucket.per_minute == 60
    bucket.adopt(0.0, Allowance(limit=6_000, remaining=6_000, resets_in_s=0.0), age_s=0.0)
    assert bucket.per_minute == 60


def test_what_others_took_from_the_same_limit_is_not_there_for_us():
    bucket = Bucket(600)
    bucket.adopt(0.0, Allowance(limit=600, remaining=0, resets_in_s=60.0), age_s=0.0)
    assert bucket.wait_s(0.0, 1) == pytest.approx(0.1)


def test_a_remainder_reported_late_does_not_stop_calls_that_are_allowed_by_now():
    bucket = Bucket(600)
    bucket.adopt(0.0, Allowance(limit=600, remaining=0, resets_in_s=60.0), age_s=2.0)
    assert bucket.wait_s(0.0, 1) == 0.0


@pytest.mark.parametrize(
    ("reset", "seconds"),
    [("1s", 1.0), ("6m0s", 360.0), ("20ms", 0.02), ("1h2m3.5s", 3_723.5), ("12", 12.0), ("soon", 0.0), ("", 0.0)],
)
def test_the_time_of_a_reset_is_read_as_servers_write_it(reset, seconds):
    headers = {f"x-ratelimit-{name}-requests": value for name, value in (("limit", "10"), ("remaining", "3"))}
    allowance = read_allowance(headers | {"x-ratelimit-reset-requests": reset}, "requests")
    assert allowance == Allowance(10, 3, seconds)


@pytest.mark.parametrize(("resets_in_s", "per_minute"), [(0.0, 600.0), (59.0, 600.0), (600.0, 60.0)])
def test_a_limit_is_that_of_a_minute_unless_it_takes_longer_to_be_there_again(resets_in_s, per_minute):
    assert Allowance(600, 0, resets_in_s).per_minute == per_minute


@pytest.mark.parametrize("limit", ["", "0", "many", "nan", "inf"])
def test_a_limit_that_cannot_be_read_is_none(limit):
    headers = {"x-ratelimit-limit-tokens": limit, "x-ratelimit-remaining-tokens": "5"}
    assert read_allowance(headers, "tokens") is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": formatdate(NOON + 30, usegmt=True)}, 30.0),
        ({"retry-after": formatdate(NOON - 30, usegmt=True)}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(headers, seconds):
    assert retry_after_s(headers, NOON) == seconds
