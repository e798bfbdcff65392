"""Asking a model outside of a simulation's turns: any number of questions of one form, or a single one.

The models service sees to the form of a reply and has it repaired once; what a reply means is read here, and one that
cannot be read is a failure with its reason, like a call that failed.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from libs.contracts.errors import BudgetError, DomainError, InvalidError
from libs.contracts.instruments import Instrument
from libs.contracts.protocol import Condition, Usage
from libs.contracts.turns import TurnBatch, TurnReply, is_offline
from libs.models.client import BudgetSpentError, Models, ModelsAwayError, ModelsError

log = logging.getLogger(__name__)
T = TypeVar("T")
ATTEMPTS = 3
NO_LANGUAGE_MODEL = "no language model is configured here: give the models service an upstream"


class ModelFailedError(DomainError):
    """The model, or the service it is reached by, gave no usable answer."""

    title = "The model did not answer"
    status = 502


class NotFinishedError(DomainError):
    """What was asked for takes longer than a request may; asked again it goes on where it stopped."""

    title = "Not finished in time"
    status = 503

    def __init__(self, wait_s: float) -> None:
        super().__init__(
            f"The model did not answer everything within {wait_s:g} seconds. What it did answer is kept and paid for: "
            "ask the same again to go on from there."
        )


@asynccontextmanager
async def in_time(wait_s: float) -> AsyncIterator[None]:
    """Let whoever waits for a model wait no longer. Raises `NotFinishedError`; calls that have begun stay paid for."""
    try:
        async with asyncio.timeout(wait_s):
            yield
    except TimeoutError as error:
        raise NotFinishedError(wait_s) from error


@dataclass(frozen=True, slots=True)
class Asked(Generic[T]):
    """What came of one question: `value`, or `failure` and why."""

    turn_id: str
    value: T | None
    failure: str | None
    usage: Usage
    model: str


async def ask(models: Models, batch: TurnBatch, read: Callable[[str], T]) -> AsyncGenerator[Asked[T], None]:
    """Every question of the batch once, in the order in which they are answered. `read` raises `ValueError`.

    A stream that breaks off is taken up again; the ledger pays nothing twice. Raises `ModelsError` when it stays so.
    """
    left = {turn.turn_id: turn for turn in batch.turns}
    for attempt in range(1, ATTEMPTS + 1):
        rest = batch.model_copy(update={"turns": tuple(left.values())})
        try:
            async with aclosing(models.turns(rest)) as replies:
                async for reply in replies:
                    if left.pop(reply.turn_id, None) is not None:
                        yield _asked(reply, read)
        except (ModelsAwayError, BudgetSpentError):
            raise
        except ModelsError:
            if attempt == ATTEMPTS:
                raise
        if not left:
            return
    raise ModelsError(f"{len(left)} of {len(batch.turns)} questions were not answered")


async def answer_to(models: Models, batch: TurnBatch, read: Callable[[str], T]) -> Asked[T]:
    """The only question of the batch, for work that is tried again. Raises `ModelsError` then, and `ModelFailedError`
    for an answer that cannot be used."""
    async with aclosing(ask(models, batch, read)) as answers:
        async for answer in answers:
            if answer.value is None:
                raise ModelFailedError(answer.failure or "the model gave no reason")
            return answer
    raise ModelFailedError("nothing was asked")


async def ask_one(models: Models, batch: TurnBatch, read: Callable[[str], T]) -> Asked[T]:
    """The same for whoever waits. Raises `ModelFailedError`, and `BudgetError` when there is no money for it."""
    try:
        return await answer_to(models, batch, read)
    except ModelsError as error:
        raise refusal_of(error) from error


def refusal_of(error: ModelsError) -> DomainError:
    """What whoever waits for the answer is told."""
    return BudgetError(str(error)) if isinstance(error, BudgetSpentError) else ModelFailedError(str(error))


async def check_model(models: Models, model: str, *, offline: str | None = None) -> None:
    """Raise `InvalidError` for a model that is not there, and for the offline model if `offline` says why not."""
    try:
        names = await models.names()
    except ModelsError as error:
        raise refusal_of(error) from error
    allowed = [name for name in names if offline is None or not is_offline(name)]
    if offline is not None and is_offline(model):
        raise InvalidError("model", offline if allowed else f"{offline}; {NO_LANGUAGE_MODEL}", allowed)
    if model not in names:
        raise InvalidError("model", f"there is no model {model!r}", allowed)


async def check_mind(
    models: Models, model: str, instruments: Sequence[Instrument] = (), conditions: Iterable[Condition | None] = ()
) -> None:
    """Raise `InvalidError` for a model that agents cannot think with: it is not there, has no embeddings beside it
    although words are to be rated by them, or is the offline model and would have to judge a proposition. While the
    models service is away nothing is known, and nothing refused.
    """
    judged = [one.proposition for one in conditions if one is not None and one.proposition is not None]
    in_words = [instrument.name for instrument in instruments if instrument.elicitation == "ssr"]
    try:
        names = await models.names()
        if model not in names:
            raise InvalidError("model", f"there is no model {model!r}", names)
        if judged and is_offline(model):
            able = [name for name in names if not is_offline(name)]
            raise InvalidError("model", f"a language model has to judge whether {judged[0]!r} is true", able)
        if in_words and not await models.embedding_models(model):
            able = [name for name in names if await models.embedding_models(name)]
            raise InvalidError(
                "model", f"{model!r} has no embeddings, by which {', '.join(in_words)} is rated (ssr)", able
            )
    except ModelsError as error:
        log.warning("the model %r was not checked: %s", model, error)


def _asked(reply: TurnReply, read: Callable[[str], T]) -> Asked[T]:
    value, failure = None, None
    if reply.status == "failed":
        failure = reply.failure or "the model gave no reason"
    else:
        try:
            value = read(reply.content or "")
        except ValueError as error:
            failure = str(error)
    return Asked(reply.turn_id, value, failure, reply.usage, reply.model)
