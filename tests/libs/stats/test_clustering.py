"""Average linkage against scipy."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from libs.stats import average_linkage


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.8])
def test_the_clusters_are_scipys(seed: int, threshold: float) -> None:
    points = np.random.default_rng(seed).random((30, 2))
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    found = average_linkage(1 - distance, threshold)
    expected = fcluster(linkage(squareform(distance), "average"), 1 - threshold, "distance")
    assert {frozenset(np.flatnonzero(np.array(found) == one)) for one in set(found)} == {
        frozenset(np.flatnonzero(expected == one)) for one in set(expected)
    }


def test_clusters_are_numbered_by_their_first_members() -> None:
    similarity = [[1, 0, 0.9, 0], [0, 1, 0, 0.9], [0.9, 0, 1, 0], [0, 0.9, 0, 1]]
    assert average_linkage(similarity, 0.5) == [0, 1, 0, 1]
    assert average_linkage(similarity, 0.95) == [0, 1, 2, 3]
    assert average_linkage([[1.0]], 0.5) == [0]
    assert average_linkage(np.zeros((0, 0)), 0.5) == []


def test_what_is_no_similarity_is_refused_by_name() -> None:
    for wrong in ([[1, 0.2], [0.3, 1]], [[1, 0.2]], [[1, float("nan")], [float("nan"), 1]]):
        with pytest.raises(ValueError, match=r"^similarity:"):
            average_linkage(wrong, 0.5)
