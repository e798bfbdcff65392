"""Memories are found by meaning where there are embeddings, by words where there are none."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.minds.retrieval import bm25, cosine, relevant, stems
from libs.minds.semantic import Recollection


def memory(text: str, last: int = 1, salience: float = 0.5) -> Recollection:
    return Recollection(kind="fact", text=text, since=1, last=last, times=1, salience=salience)


def texts(found: list[Recollection]) -> list[str]:
    return [item["text"] for item in found]


GYM, SISTER, BANK = memory("The gym raised its prices"), memory("My sister moved to Leeds"), memory("The bank closed")


def test_the_memory_that_shares_words_comes_first() -> None:
    assert texts(relevant("price of gyms", [BANK, SISTER, GYM]))[0] == GYM["text"]
    assert texts(relevant("has my sister moved house?", [GYM, BANK, SISTER], most=1)) == [SISTER["text"]]


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    shops = [memory(f"The shop sold bread {day}") for day in ("once", "twice", "often")]
    assert texts(relevant("shop closed", [*shops, BANK], most=1)) == [BANK["text"]]


def test_only_memories_that_match_are_recalled_when_asked_so() -> None:
    assert relevant("dentist", [GYM, SISTER], only_matching=True) == []
    assert len(relevant("dentist", [GYM, SISTER])) == 2


def test_between_equals_the_recent_one_and_then_the_one_that_meant_more_comes_first() -> None:
    old, late = memory("a walk in the park", last=1), memory("a walk on the beach", last=9)
    assert relevant("walk", [old, late])[0] is late
    dull, moving = memory("a walk in the park", salience=0.1), memory("a walk on the beach", salience=0.9)
    assert relevant("walk", [dull, moving])[0] is moving


def test_with_embeddings_meaning_decides_and_words_do_not() -> None:
    vectors = {"fitness club": (1.0, 0.1), GYM["text"]: (0.9, 0.2), "The fitness of a club": (-0.2, 1.0)}
    words = memory("The fitness of a club")
    assert relevant("fitness club", [words, GYM])[0] is words
    assert relevant("fitness club", [words, GYM], vectors)[0] is GYM


@pytest.mark.parametrize(
    "vectors", [{"fitness club": (1.0, 0.0)}, {}, {"fitness club": (1.0,), GYM["text"]: (0.9, 0.2)}]
)
def test_where_a_vector_is_missing_or_of_another_length_words_decide(vectors: dict[str, tuple[float, ...]]) -> None:
    assert relevant("fitness club", [GYM], vectors, only_matching=True) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("price", "pricing"), ("run", "running"), ("party", "parties"), ("called", "calls"), ("quick", "quickly")],
)
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert stems(one) == stems(other) != ()


def test_stems_of_other_scripts() -> None:
    assert stems("ÉCOLES écoles") == stems("écoles écoles")
    assert stems("健身房") == ("健身", "身房")
    assert stems("the of and") == ()


@given(st.lists(st.integers(-9, 9), min_size=2, max_size=5), st.floats(0.1, 9))
def test_a_cosine_depends_on_the_direction_alone(vector: list[int], factor: float) -> None:
    longer = [factor * value for value in vector]
    assert cosine(vector, longer) == pytest.approx(float(any(vector)))
    assert cosine(vector, [-value for value in longer]) == pytest.approx(-cosine(vector, longer))


@given(st.text(max_size=30), st.lists(st.text(max_size=30), max_size=8), st.integers(0, 9))
def test_what_is_found_is_among_the_memories_each_once_and_always_the_same(
    query: str, found: list[str], most: int
) -> None:
    memories = [memory(text, last=place) for place, text in enumerate(found)]
    once = relevant(query, memories, most=most)
    assert once == relevant(query, memories, most=most)
    assert len(once) == min(most, len(memories))
    assert len({item["last"] for item in once}) == len(once)


def test_the_scores_of_bm25_are_those_of_its_formula() -> None:
    idf = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    once, twice = (idf * f * 2.2 / (f + 1.2 * (0.25 + 0.75 * length / 2)) for f, length in ((1, 2), (2, 3)))
    assert bm25("apples", ["apple pie", "apple apple tart", "bread"]) == pytest.approx([once, twice, 0.0])
