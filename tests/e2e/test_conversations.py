"""Focus groups: killed in the middle of a round, they go on, and everybody has heard the same."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.platforms import EmbeddedPlatform
from tests.support.talks import TURNS, Item, answered, begin, transcript

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Item]]:
    with EmbeddedPlatform(tmp_path_factory.mktemp("undisturbed")) as platform:
        yield transcript(platform.url, begin(platform.url))


def test_everybody_is_heard_by_the_whole_group_and_nobody_else(undisturbed: list[Item]) -> None:
    said = [item for item in undisturbed if item[3] == "talk" and item[0] <= 3]
    assert len(said) >= 18
    assert all(len(item[7].split(",")) == 5 for item in said)
    assert {item[5] for item in said} == {"group-1-1", "group-1-2", "group-1-3"}


def test_a_talk_goes_on_after_kill_9_as_if_nothing_had_happened(tmp_path: Path, undisturbed: list[Item]) -> None:
    with EmbeddedPlatform(tmp_path / "data") as platform:
        simulation = begin(platform.url)
        time.sleep(0.3)
        platform.kill()
        platform.start()
        assert transcript(platform.url, simulation) == undisturbed
        assert answered(platform.url, simulation) == TURNS
