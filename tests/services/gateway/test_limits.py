"""How often somebody may ask."""

import pytest

from services.gateway.domain.limits import MOST_KEYS, Limiter, Places


def test_a_burst_is_allowed_and_then_the_rate() -> None:
    limiter = Limiter(per_minute=60, burst=3)
    assert [limiter.take("a", 0.0).is_allowed for _ in range(4)] == [True, True, True, False]
    assert not limiter.take("a", 0.9).is_allowed
    assert limiter.take("a", 1.0).is_allowed
    assert not limiter.take("a", 1.5).is_allowed


def test_an_answer_says_how_much_is_left_and_when_to_come_back() -> None:
    limiter = Limiter(per_minute=60, burst=2)
    first = limiter.take("a", 0.0)
    assert first.headers == {"ratelimit-limit": "2", "ratelimit-remaining": "1", "ratelimit-reset": "1"}
    limiter.take("a", 0.0)
    refused = limiter.take("a", 0.0)
    assert refused.headers["ratelimit-remaining"] == "0"
    assert refused.headers["retry-after"] == "1"
    assert limiter.take("a", float(refused.headers["retry-after"])).is_allowed


def test_a_refused_request_does_not_count() -> None:
    limiter = Limiter(per_minute=60, burst=1)
    limiter.take("a", 0.0)
    assert not any(limiter.take("a", 0.5).is_allowed for _ in range(100))
    assert limiter.take("a", 1.0).is_allowed


def test_one_does_not_use_up_what_another_has() -> None:
    limiter = Limiter(per_minute=60, burst=1)
    assert limiter.take("a", 0.0).is_allowed
    assert limiter.take("b", 0.0).is_allowed


def test_looking_counts_nothing() -> None:
    limiter = Limiter(per_minute=60, burst=1)
    assert all(limiter.look("a", 0.0).is_allowed for _ in range(5))
    limiter.take("a", 0.0)
    assert not limiter.look("a", 0.0).is_allowed


@pytest.mark.parametrize("pace", [0.0, 1.0])
def test_what_it_remembers_is_bounded(pace: float) -> None:
    limiter = Limiter(per_minute=60, burst=1)
    for number in range(2 * MOST_KEYS + 10):
        limiter.take(str(number), number * pace)
    assert len(limiter._full_at) <= MOST_KEYS


def test_nobody_alone_has_all_places() -> None:
    places = Places(3, 2)
    assert [places.take(who) for who in ("a", "a", "a", "b", "b")] == [True, True, False, True, False]
    places.give_back("a")
    assert [places.take(who) for who in ("b", "b")] == [True, False]
