"""Records that are much alike: the same values as before, in a part of the memory."""

import tracemalloc

import pytest

from libs.contracts import compact
from libs.contracts.compact import MOST_SHARED, Once, Repeated

GIVEN: dict[str, object] = {
    "yes": True,
    "one": 1,
    "float": 1.0,
    "nothing": None,
    "zero": 0.0,
    "below": -0.0,
    "text": "x",
}


def test_a_record_is_the_mapping_that_it_was_made_of() -> None:
    once = Once()
    for _ in range(2):
        record = once.record(GIVEN)
        assert (dict(record), len(record), list(record)) == (GIVEN, len(GIVEN), list(GIVEN))
        assert [repr(value) for value in record.values()] == [repr(value) for value in GIVEN.values()]
        assert "yes" in record
        assert "no" not in record
        with pytest.raises(KeyError):
            record["no"]
    assert once.record(GIVEN) is once.record(dict(GIVEN))
    assert [repr(once(value)) for value in GIVEN.values()] == [repr(value) for value in GIVEN.values()]


def test_records_that_nobody_shares_are_no_larger_than_their_values() -> None:
    once, count = Once(), 10 * MOST_SHARED
    tracemalloc.start()
    try:
        kept = [once.record({"name": once(f"name {at % 7}"), "age": at % 90, "place": at}) for at in range(count)]
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(kept) == count
    assert taken / count < 260


def test_a_column_that_is_full_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compact, "MOST_NUMBERED", 3)
    once = Once()
    given = [{"place": at % 5, "parity": at % 2} for at in range(20)]
    assert [dict(once.record(each)) for each in given] == given


def test_more_different_values_than_are_shared_stay_what_they_are() -> None:
    once = Once()
    given = [{"place": f"place {at}"} for at in range(2 * MOST_SHARED)] * 2
    assert [dict(record) for record in [once.record(each) for each in given]] == given


def test_what_is_repeated_is_the_sequence_that_it_was_made_of() -> None:
    given = [*GIVEN.values()] * 2
    kept = Repeated(given)
    kept.append(2)
    kept[-1] = "other"
    assert len(kept) == len(given) + 1
    assert [*map(repr, kept)] == [*map(repr, [*given, "other"])]
    assert [repr(kept.different[number]) for number in kept.numbers] == [*map(repr, kept)]


def test_what_is_repeated_takes_four_bytes_and_is_right_beyond_what_is_shared() -> None:
    count = 100 * MOST_SHARED
    tracemalloc.start()
    try:
        kept = Repeated(f"place {at % 100}" for at in range(count))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(kept) == count
    assert taken / count < 5
    many = [at % (2 * MOST_SHARED) for at in range(5 * MOST_SHARED)]
    assert list(Repeated(many)) == many
