"""One probability law per type of answer: how it is drawn, what it is on average, and by what margin it was decided.

Each law takes a location η (a utility plus the level of its stage) or one utility per option. `expected()` is exact;
its keys are options, or None for a single number. `margin()` is (1 + P(given side) − P(other side)) / 2, in [0, 1].
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from libs.contracts.instruments import Answer
from services.models.domain.offline.noise import Noise

SCALE_SPREAD = 2.2
"""κ: cut points of an ordinal scale of K steps are κ · logit(j / K)."""
NUMERIC_SLOPE = 1.5
"""A numeric answer is centred at logistic(η / 1.5) of its range."""
NUMERIC_SCALE = 0.12
"""Scale of its logistic error, as a share of the range."""
NUMERIC_STEPS = 1_000
"""A numeric answer is rounded to 1/1000 of its range; its expectation is that of the unrounded answer."""

Expected = dict[str | None, float]


class Law(Protocol):
    """The distribution of one answer of one person."""

    def draw(self, noise: Noise, metric: str) -> Answer:
        """One answer."""

    def expected(self) -> Expected:
        """Its exact expectation: probability of yes, mean, probability or mean rank by option; empty for a text."""

    def probabilities(self) -> dict[str, float]:
        """Probability by answer, named as in `libs.minds.scales.values_of`; empty where answers cannot be listed."""

    def margin(self, answer: Answer) -> float | None:
        """How clearly this answer won, in [0, 1]; null where the law has no say."""


def logistic(x: float) -> float:
    """1 / (1 + e^−x), without overflow."""
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    exponential = math.exp(x)
    return exponential / (1.0 + exponential)


def logit(p: float) -> float:
    """log(p / (1 − p)) for p in (0, 1)."""
    return math.log(p / (1.0 - p))


@dataclass(frozen=True, slots=True)
class Binary:
    """Logit: P(yes) = logistic(η)."""

    location: float

    def draw(self, noise: Noise, metric: str) -> bool:
        """Yes when η + a logistic error is above 0."""
        return noise.uniform(metric) < logistic(self.location)

    def expected(self) -> Expected:
        """P(yes)."""
        return {None: logistic(self.location)}

    def probabilities(self) -> dict[str, float]:
        """Of yes and no."""
        return {"true": logistic(self.location), "false": logistic(-self.location)}

    def margin(self, answer: Answer) -> float:
        """P(the answer given)."""
        p = logistic(self.location)
        return p if answer else 1.0 - p


@dataclass(frozen=True, slots=True)
class Ordinal:
    """Cumulative logit over lowest … highest: P(Y ≤ lowest + j − 1) = logistic(κ · logit(j / K) − η), j = 1 … K − 1."""

    location: float
    lowest: int
    highest: int

    @property
    def steps(self) -> int:
        """K, how many answers there are."""
        return self.highest - self.lowest + 1

    def draw(self, noise: Noise, metric: str) -> int:
        """The step whose cut points hold η + a logistic error."""
        share = logistic((self.location + noise.logistic(metric)) / SCALE_SPREAD)
        return self.lowest + max(0, min(self.steps - 1, math.ceil(share * self.steps) - 1))

    def above(self, j: int) -> float:
        """P(Y ≥ lowest + j)."""
        if j <= 0:
            return 1.0
        return logistic(self.location - SCALE_SPREAD * logit(j / self.steps)) if j < self.steps else 0.0

    def expected(self) -> Expected:
        """Lowest + Σ P(Y ≥ lowest + j), j = 1 … K − 1."""
        return {None: self.lowest + math.fsum(self.above(j) for j in range(1, self.steps))}

    def probabilities(self) -> dict[str, float]:
        """P(Y = lowest + j) = P(Y ≥ lowest + j) − P(Y ≥ lowest + j + 1)."""
        return {str(self.lowest + j): self.above(j) - self.above(j + 1) for j in range(self.steps)}

    def margin(self, answer: Answer) -> float | None:
        """P(an answer in the half of the scale this one is in)."""
        if self.steps < 2 or not isinstance(answer, int):
            return None
        middle = (self.steps + 1) // 2
        upper = self.above(middle)
        return upper if answer - self.lowest >= middle else 1.0 - upper


@dataclass(frozen=True, slots=True)
class Numeric:
    """Logistic error around logistic(η / 1.5) of the range, truncated to the range."""

    location: float
    lowest: float
    highest: float

    @property
    def centre(self) -> float:
        """Where the untruncated error is centred, as a share of the range."""
        return logistic(self.location / NUMERIC_SLOPE)

    def _below(self, share: float) -> float:
        """Distribution function before truncation."""
        return logistic((share - self.centre) / NUMERIC_SCALE)

    def _at(self, share: float) -> float:
        """The value at a share of the range; in this form it does not overflow."""
        return self.lowest * (1.0 - share) + self.highest * share

    def draw(self, noise: Noise, metric: str) -> float:
        """By inversion of the truncated distribution function."""
        low, high = self._below(0.0), self._below(1.0)
        share = self.centre + NUMERIC_SCALE * logit(low + noise.uniform(metric) * (high - low))
        share = round(max(0.0, min(1.0, share)) * NUMERIC_STEPS) / NUMERIC_STEPS
        return max(self.lowest, min(self.highest, float(f"{self._at(share):.12g}")))

    def expected(self) -> Expected:
        """[F(1) − s · (softplus((1 − c)/s) − softplus(−c/s))] / [F(1) − F(0)] of the range."""
        low, high = self._below(0.0), self._below(1.0)
        area = NUMERIC_SCALE * (
            _softplus((1.0 - self.centre) / NUMERIC_SCALE) - _softplus(-self.centre / NUMERIC_SCALE)
        )
        return {None: self._at((high - area) / (high - low))}

    def probabilities(self) -> dict[str, float]:
        """A range has too many values to list."""
        return {}

    def margin(self, answer: Answer) -> float | None:
        """P(an answer in the half of the range this one is in)."""
        if not isinstance(answer, int | float):
            return None
        low, middle, high = self._below(0.0), self._below(0.5), self._below(1.0)
        lower = (middle - low) / (high - low)
        return 1.0 - lower if answer > self._at(0.5) else lower


@dataclass(frozen=True, slots=True)
class Choice:
    """Multinomial logit: P(option) = e^V / Σ e^V."""

    utilities: Mapping[str, float]

    def draw(self, noise: Noise, metric: str) -> str:
        """The option with the largest V + a Gumbel error of its own."""
        return _by_gumbel(self.utilities, noise, metric)[0]

    def expected(self) -> Expected:
        """Probability by option."""
        expected: Expected = {}
        expected.update(_shares(self.utilities))
        return expected

    def probabilities(self) -> dict[str, float]:
        """By option."""
        return _shares(self.utilities)

    def margin(self, answer: Answer) -> float | None:
        """Against the strongest other option."""
        shares = _shares(self.utilities)
        rivals = [share for option, share in shares.items() if option != answer]
        if not isinstance(answer, str) or answer not in shares or not rivals:
            return None
        return (1.0 + shares[answer] - max(rivals)) / 2.0


@dataclass(frozen=True, slots=True)
class Ranking:
    """Plackett–Luce: each place is a multinomial logit over the options still left."""

    utilities: Mapping[str, float]

    def draw(self, noise: Noise, metric: str) -> tuple[str, ...]:
        """All options, by V + a Gumbel error each, best first (equivalent to drawing place by place)."""
        return tuple(_by_gumbel(self.utilities, noise, metric))

    def expected(self) -> Expected:
        """Mean rank by option, 1 = best: 1 + Σ P(the other is preferred) = 1 + Σ logistic(V_other − V)."""
        return {
            option: 1.0 + math.fsum(logistic(rival - own) for other, rival in self.utilities.items() if other != option)
            for option, own in self.utilities.items()
        }

    def probabilities(self) -> dict[str, float]:
        """Orders are too many to list."""
        return {}

    def margin(self, answer: Answer) -> float | None:
        """P(the first option given is preferred to the second)."""
        if not isinstance(answer, tuple) or len(answer) < 2:
            return None
        return logistic(self.utilities[answer[0]] - self.utilities[answer[1]])


@dataclass(frozen=True, slots=True)
class Wording:
    """A text: one of several sentences that say the same."""

    sentences: tuple[str, ...]

    def draw(self, noise: Noise, metric: str) -> str:
        """One of them, each as likely."""
        return noise.pick(self.sentences, metric)

    def expected(self) -> Expected:
        """A text has no expectation."""
        return {}

    def probabilities(self) -> dict[str, float]:
        """A text has none."""
        return {}

    def margin(self, answer: Answer) -> None:
        """Nothing was decided."""


def _softplus(x: float) -> float:
    """log(1 + e^x), without overflow."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def _shares(utilities: Mapping[str, float]) -> dict[str, float]:
    """Softmax."""
    top = max(utilities.values())
    weights = {option: math.exp(utility - top) for option, utility in utilities.items()}
    total = math.fsum(weights.values())
    return {option: weight / total for option, weight in weights.items()}


def _by_gumbel(utilities: Mapping[str, float], noise: Noise, metric: str) -> list[str]:
    """Options by utility + Gumbel error, largest first; the error is the option's, whatever the order asked in."""
    errors = {option: utility + noise.gumbel(metric, option) for option, utility in utilities.items()}
    return sorted(errors, key=lambda option: (-errors[option], option))
