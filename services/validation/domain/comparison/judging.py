"""When a comparison passes, fails or says nothing: every limit stands here, with the sentence a reader gets.

Alike is an equivalence claim and has to be shown; that no difference was found shows nothing. A failure has to be shown
too: one of three things (mean, distribution, spread) beyond what sampling explains, at 5 % for the three together.
"""

from collections.abc import Sequence

from libs.contracts.instruments import MetricType
from services.validation.domain.comparison.model import (
    ComparisonResult,
    Conclusion,
    EquivalenceView,
    SampleSummary,
    SegmentComparison,
    VarianceRatio,
    Verdict,
)

ALPHA = 0.05
WAYS_TO_FAIL = 3
FAILS_BELOW = ALPHA / WAYS_TO_FAIL
ENOUGH = 30
"""Answers of each below which nothing is concluded."""
LOWEST_RATIO, HIGHEST_RATIO = 0.8, 1.25
TOLERATED = 0.05
"""A distance that does not matter, even where large samples show it beyond doubt."""
MOST_UNRECOGNISED = 0.05
MARGIN_OF_SHARES = 0.1
MARGIN_IN_SD = 0.5
"""Half a standard deviation: Norman, Sloan & Wyrwich, Medical Care 41 (2003) 582-592."""
CAVEAT = (
    "Speaks of this question, these people and this simulator. A pass says that the answers are alike up to the margin "
    "and within the noise of human samples of these sizes; it does not carry over to other questions."
)
COMPARED = {MetricType.ORDINAL: "means", MetricType.NUMERIC: "means", MetricType.BINARY: "shares"}
Finding = tuple[Verdict, str]


def judge(result: ComparisonResult, tolerated: float = TOLERATED) -> tuple[Verdict, list[str]]:
    """The verdict with its reasons, what speaks against the simulation first."""
    few = [(name, of) for name, of in (("human", result.human), ("simulated", result.simulated)) if of.n < ENOUGH]
    findings = [
        *_unrecognised(result),
        *(("inconclusive", f"only {of.n} {name} {of.unit}; fewer than {ENOUGH} show nothing") for name, of in few),
    ]
    if not few:
        findings += [
            _of_mean(result.equivalence, result.type),
            *_of_distribution(result, tolerated),
            *_of_spread(result.variance_ratio, result.type),
            *_of_segments(result.segments),
        ]
    order: tuple[Verdict, ...] = ("fail", "inconclusive", "pass")
    findings.sort(key=lambda finding: order.index(finding[0]))
    return (findings[0][0] if findings else "inconclusive"), [reason for _, reason in findings]


def _unrecognised(result: ComparisonResult) -> list[Finding]:
    found: list[Finding] = []
    for name, sample in (("human", result.human), ("simulated", result.simulated)):
        odd = sample.unrecognised
        if odd.count:
            share = odd.count / ((sample.answers or sample.n) + odd.count)
            examples = ", ".join(map(repr, odd.examples))
            text = f"{odd.count} {name} values ({share:.0%}) are not answers as declared and were left out: {examples}"
            found.append(("inconclusive" if share > MOST_UNRECOGNISED else "pass", text))
    return found


def _of_mean(found: EquivalenceView, kind: MetricType) -> Finding:
    what = COMPARED.get(kind, "answers as a whole")
    if found.difference is None or found.interval is None:
        return "inconclusive", f"{what}: {found.method}"
    level = 90 if kind in COMPARED else 95
    shown = f"{found.difference:+.3g}, {level} % interval {found.interval[0]:+.3g} to {found.interval[1]:+.3g}"
    match found.conclusion:
        case "equivalent":
            return "pass", f"the {what} are alike: {shown} lies within ±{found.margin:.3g}"
        case "different":
            return "fail", f"the {what} differ by more than the margin of {found.margin:.3g}: {shown}"
    return "inconclusive", f"the {what} are neither shown alike nor different: {shown}, margin {found.margin:.3g}"


def _of_distribution(result: ComparisonResult, tolerated: float) -> list[Finding]:
    ceiling, floor = result.noise_ceiling, result.floors
    if ceiling is None or floor is None:
        return []
    distance = result.distances[ceiling.metric]
    name = ceiling.metric.replace("_", " ")
    beside = f"{name} {distance.value:.3f}; one human sample in twenty is further away than {ceiling.upper:.3f}"
    if distance.interval[1] <= tolerated or distance.value <= ceiling.upper:
        return [("pass", f"as near as a second human sample would be: {beside}")]
    found: list[Finding] = []
    if ceiling.p_value < FAILS_BELOW and distance.corrected > tolerated:
        found.append(("fail", f"further from the people than other people are: {beside}"))
    else:
        found.append(("inconclusive", f"rather further from the people than other people are: {beside}"))
    if floor.uniform is not None and floor.is_beaten is False:
        found.append((found[0][0], f"a uniform guess is nearer to the people: {name} {floor.uniform:.3f}"))
    return found


def _of_spread(found: VarianceRatio, kind: MetricType) -> list[Finding]:
    if found.value is None or found.interval is None:
        told = found.note or "all people answered the same: their spread cannot be compared"
        return [("inconclusive", told)]
    shown = f"variance ratio {found.value:.2f} ({found.interval[0]:.2f} to {found.interval[1]:.2f})"
    if found.note:
        shown = f"{shown}, {found.note}"
    match found.conclusion:
        case "different":
            side = "less" if found.value < 1 else "more"
            return [("fail", f"the simulated differ {side} among themselves than people do: {shown}")]
        case "equivalent":
            return [("pass", f"they differ among themselves about as people do: {shown}")]
    if kind is MetricType.BINARY:  # the share says how much yes and no differ, and is judged by itself
        return []
    return [("inconclusive", f"it is not shown that they differ among themselves as people do: {shown}")]


def _of_segments(segments: Sequence[SegmentComparison]) -> list[Finding]:
    judged = [segment for segment in segments if segment.score is not None]
    if not judged:
        return []
    worst = min(judged, key=lambda segment: (segment.score or 0.0, segment.segment))
    said = f"the segment furthest from its people is {worst.segment!r}: score {worst.score:.2f}"
    return [("fail" if any(segment.verdict == "fail" for segment in judged) else "pass", said)]


def caveat_of(simulated: SampleSummary) -> str:
    """What a reader has to know; where answers are not independent, what they count as."""
    if simulated.answers is None:
        return CAVEAT
    agents = f" of {simulated.agents:,} agents" if simulated.agents != simulated.n else ""
    return (
        f"{CAVEAT} {simulated.answers:,} answers{agents} are not as many independent ones: they count as "
        f"{simulated.n:,} {simulated.unit}, each of which is one value in every test and interval."
    )


def conclude(interval: tuple[float, float] | None, low: float, high: float) -> Conclusion:
    """Inside: equivalent; wholly outside: different; else neither."""
    if interval is None:
        return "undecided"
    if low < interval[0] and interval[1] < high:
        return "equivalent"
    return "different" if interval[1] < low or interval[0] > high else "undecided"
