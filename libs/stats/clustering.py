"""Grouping things by how similar they are to each other."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def average_linkage(similarity: ArrayLike, threshold: float) -> list[int]:
    """Clusters by unweighted average linkage: the two with the highest mean similarity are joined while it is at least
    `threshold`. Gives the cluster of each thing, numbered in the order of their first members; ties go to those first.

    s(k, i∪j) = (nᵢ s(k,i) + nⱼ s(k,j)) / (nᵢ + nⱼ). Sokal & Michener, University of Kansas Science Bulletin 38 (1958)
    1409-1438; Lance & Williams, Computer Journal 9 (1967) 373-380.
    """
    matrix: NDArray[np.float64] = np.array(similarity, dtype=np.float64)
    n = len(matrix)
    if matrix.shape != (n, n) or not np.array_equal(matrix, matrix.T) or not np.isfinite(matrix).all():
        raise ValueError("similarity: must be a symmetric square of finite numbers")
    cluster, sizes = np.arange(n), np.ones(n)
    np.fill_diagonal(matrix, -np.inf)
    while n > 1:
        first, second = sorted(np.unravel_index(np.argmax(matrix), matrix.shape))
        if matrix[first, second] < threshold:
            break
        joined = (sizes[first] * matrix[first] + sizes[second] * matrix[second]) / (sizes[first] + sizes[second])
        matrix[first], matrix[:, first] = joined, joined
        matrix[second], matrix[:, second], matrix[first, first] = -np.inf, -np.inf, -np.inf
        sizes[first] += sizes[second]
        cluster[cluster == second] = first
        n -= 1
    numbers: dict[int, int] = {}
    return [numbers.setdefault(int(one), len(numbers)) for one in cluster]
