"""The only randomness of the offline model: uniforms derived from the ledger key of the call and the metric's name.

A ledger key holds agent, step, round, timeline, draw, seed and every message, so errors are independent between agents,
arms, metrics and draws, and the same call always gives the same answer. Nothing random is shared between two calls.
"""

import hashlib
import math
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Noise:
    """Uniforms of one call; each purpose ("open_rate", "ranking of brands: A") has its own."""

    def __init__(self, call_key: str) -> None:
        self._base = hashlib.blake2b(call_key.encode("utf-8", "surrogatepass"), digest_size=8)

    def uniform(self, *purpose: str) -> float:
        """A number in the open interval (0, 1), always the same for the same purpose."""
        digest = self._base.copy()
        digest.update("\x1f".join(purpose).encode("utf-8", "surrogatepass"))
        return (int.from_bytes(digest.digest(), "big") >> 12) / 2.0**52 + 2.0**-53

    def logistic(self, *purpose: str) -> float:
        """A standard logistic error: logit of the uniform."""
        uniform = self.uniform(*purpose)
        return math.log(uniform / (1.0 - uniform))

    def gumbel(self, *purpose: str) -> float:
        """A standard Gumbel error."""
        return -math.log(-math.log(self.uniform(*purpose)))

    def pick(self, choices: Sequence[T], *purpose: str) -> T:
        """One of the choices, each as likely."""
        return choices[int(self.uniform(*purpose) * len(choices))]
