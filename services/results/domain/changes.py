"""What changed in an arm between the first and the last time the same was asked, each unit compared with itself.

Only agents who answered both times count, also within a unit: of a group of whom six were asked at first and all at
last, the six are compared with themselves.
Estimates average over all the times that something was asked, so they hide this. A change is no effect: nobody was
dealt at random to the first or the last round, and whatever happened in between is in it.
"""

from collections.abc import Iterator, Sequence

from libs.contracts.evidence import Shift
from services.results.domain.contrasts import compare, paired
from services.results.domain.evidence import Evidences
from services.results.domain.outcomes import Outcome
from services.results.domain.records import Study
from services.results.domain.replies import Reply
from services.results.domain.samples import Units, sample_of, score_of


def changes(
    study: Study, arms: Sequence[str], outcomes: Sequence[Outcome], replies: Sequence[Reply], worth: Evidences
) -> Iterator[Shift]:
    """Of every outcome in every arm in which it was asked at more than one place."""
    if len({_place(reply) for reply in replies}) < 2:
        return
    units = Units(replies)
    for outcome in outcomes:
        number = score_of(outcome)
        for arm in arms:
            asked = [reply for reply in replies if reply.arm == arm and number(reply) is not None]
            places = sorted({_place(reply) for reply in asked})
            if len(places) < 2:
                continue
            ends = (places[0], places[-1])
            first, last = (sample_of(given, number, units) for given in _both_times(asked, *ends))
            last, first = paired(last, first)
            if not last.units:
                continue
            contrast = compare(outcome, last, first, study.confidence_level, is_within=True).contrast
            means = [sum(sample.values) / len(sample.values) for sample in (first, last)]
            yield Shift(
                metric=outcome.metric,
                option=outcome.option,
                arm=arm,
                measure=outcome.measure,
                first_round=ends[0][0],
                last_round=ends[1][0],
                n=len(last.units),
                first=means[0],
                last=means[1],
                difference=means[1] - means[0] if contrast.difference is None else contrast.difference,
                interval=contrast.interval,
                confidence_level=contrast.confidence_level,
                p_value=contrast.p_value,
                method=contrast.method,
                evidence=worth.of(len(last.units)),
            )


def _both_times(
    asked: Sequence[Reply], first: tuple[int, int], last: tuple[int, int]
) -> tuple[list[Reply], list[Reply]]:
    """The answers at each end, of those who gave one at both."""
    at_first, at_last = ([reply for reply in asked if _place(reply) == end] for end in (first, last))
    both = {reply.own for reply in at_first} & {reply.own for reply in at_last}
    return [reply for reply in at_first if reply.own in both], [reply for reply in at_last if reply.own in both]


def _place(reply: Reply) -> tuple[int, int]:
    return reply.round, reply.step_place
