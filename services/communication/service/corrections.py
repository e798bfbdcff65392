"""Taking turns again that do not pass their checks. Of all versions of a turn the best one counts, and all are paid."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from libs.contracts.communication import DeliverStimulus
from libs.contracts.protocol import total_usage
from libs.contracts.turns import TurnReply
from libs.minds.correction import Judged, Score, flaws_of, retake_message, total
from services.communication.adapters import Encounter, Engines, Judge
from services.communication.domain.turns import FinishedTurn

Encounters = Mapping[str, Encounter]
Read = Callable[[DeliverStimulus, Encounters, Sequence[TurnReply]], Awaitable[list[FinishedTurn]]]


class Corrections:
    """Checks turns and has them taken again."""

    def __init__(self, engines: Engines, judge: Judge) -> None:
        self._engines = engines
        self._judge = judge

    async def corrected(
        self, command: DeliverStimulus, encounters: Encounters, finished: Sequence[FinishedTurn], read: Read
    ) -> list[FinishedTurn]:
        """The turns, as good as the step's checks and attempts make them. Raises `ModelsError`."""
        rules = command.correction
        if rules is None:
            return list(finished)
        best = {one.turn_id: one for one in finished}
        scores: dict[str, tuple[Score, ...]] = {}
        await self._compare(command, encounters, finished, best, scores, draw=0)
        for attempt in range(1, rules.attempts + 1):
            flawed = {turn_id: flaws for turn_id in scores if (flaws := flaws_of(scores[turn_id], rules))}
            if not flawed:
                break
            retakes = [_retake(encounters[turn_id], best[turn_id], flaws, attempt) for turn_id, flaws in flawed.items()]
            replies = [reply async for reply in self._engines.turns(command, retakes)]
            again = await read(command, encounters, replies)
            await self._compare(command, encounters, again, best, scores, draw=attempt)
        return list(best.values())

    async def _compare(
        self,
        command: DeliverStimulus,
        encounters: Encounters,
        versions: Sequence[FinishedTurn],
        best: dict[str, FinishedTurn],
        scores: dict[str, tuple[Score, ...]],
        draw: int,
    ) -> None:
        """Judge versions of turns; the better of each with the one before stays, with what both have cost."""
        judged = {
            one.turn_id: Judged(
                one.agent, encounters[one.turn_id].memory, command.stimulus, command.instruments, one.turn
            )
            for one in versions
            if one.turn is not None
        }
        judgements = await self._judge.scores(command, judged, draw)
        for one in versions:
            before, judgement = best[one.turn_id], judgements.get(one.turn_id)
            spent = [one.usage, *([judgement.usage] if judgement else []), *([before.usage] if draw else [])]
            is_better = draw == 0 or (judgement is not None and total(judgement.scores) > total(scores[one.turn_id]))
            kept = one if is_better else before
            best[one.turn_id] = replace(kept, usage=total_usage(spent), regenerations=draw)
            if judgement is not None and is_better:
                scores[one.turn_id] = judgement.scores


def _retake(encounter: Encounter, draft: FinishedTurn, flaws: Sequence[Score], attempt: int) -> Encounter:
    if draft.turn is None:
        raise ValueError("only a turn that was taken can be taken again")
    return replace(encounter, draw=attempt, retake=retake_message(draft.turn, flaws))
