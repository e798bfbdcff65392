"""What turns will take, from prompts as they will be sent, earlier turns of the model, and what is known of it.

Sums of many turns: chance between people evens out, so the interval is that of what is not known of all turns together,
how much a model writes and how it counts tokens.
"""

from collections.abc import Iterator, Sequence, Sized
from dataclasses import dataclass
from math import ceil, sqrt
from statistics import mean, quantiles, stdev
from typing import Literal

from libs.contracts.estimates import NOTHING, Estimate, Ground, Quote, TurnsSpec
from libs.contracts.ranges import Range
from libs.contracts.turns import TurnBatch
from libs.minds.blocks import canonical
from libs.minds.reply_size import reply_characters

ENOUGH = 30
"""Earlier turns from which more is learned than from the form of the reply."""
REPAIRS = Range(low=1.0, likely=1.0, high=1.1)
"""Calls of a turn of a language model. Assumed: a reply that cannot be read is asked for once more."""
LATENCY_S = Range(low=1.0, likely=5.0, high=30.0)
"""Of a call to a language model. Assumed where none was observed."""
LATENCY_SPREAD = Range(low=0.5, likely=1.0, high=2.0)
OWN_S = Range(low=0.4, likely=1.5, high=8.0)
TURN_S = Range(low=0.001, likely=0.004, high=0.03)
"""The platform's own work: once, and for each turn. Measured with up to 3,000 turns on two cores."""
STANDARD_ERRORS = 2.6
PER_MILLION = 1_000_000
MINUTE = 60


@dataclass(frozen=True, slots=True)
class Observed:
    """An earlier turn that made calls of its own."""

    calls: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Call:
    """One call of each turn, composed for some of the people."""

    batch: TurnBatch
    replies: int = 0
    """Earlier replies that its prompt will carry."""
    further: Range = NOTHING
    """Characters of each prompt that are not in the batch."""


@dataclass(frozen=True, slots=True)
class Work:
    """What an engine takes besides the calls, and what is known of it."""

    asks: str = "one for each turn or question"
    start_s: Range = NOTHING
    turn_s: Range = NOTHING
    grounds: tuple[Ground, ...] = ()


NO_WORK = Work()


@dataclass(frozen=True, slots=True)
class Prompted:
    """The calls of one arm in one step, for some of its people, and how many turns there will be."""

    turns: int
    calls: tuple[Call, ...]
    is_turn: bool = True
    """False: another question, of which no earlier ones are known."""
    is_for_some: bool = False
    """Whoever answered something else before skips the step; how many do is not known."""
    one_by_one: int = 0
    """Turns of a step that wait for each other, where that is not all there is to know of it."""

    @property
    def taken(self) -> Range:
        """Turns that will be taken of these."""
        return Range(low=0, likely=self.turns / 2, high=self.turns) if self.is_for_some else Range.exactly(self.turns)


def estimate(
    spec: TurnsSpec, prompted: Sequence[Prompted], quote: Quote, observed: Sequence[Observed], work: Work = NO_WORK
) -> Estimate:
    """The whole estimate."""
    per_call, learned = _completion(prompted, quote, observed)
    calls = prompt_tokens = shared_tokens = completion_tokens = NOTHING
    for part in prompted:
        known = learned.times(Range.exactly(1 / len(part.calls))) if learned and part.is_turn else REPAIRS
        made = part.taken if quote.is_free else known.times(part.taken)
        for call in part.calls:
            shared, own = _prompt(call, quote, per_call[id(part.calls[0])])
            calls = calls.plus(made)
            prompt_tokens = prompt_tokens.plus(made.times(shared.plus(own)))
            shared_tokens = shared_tokens.plus(made.times(shared))
            completion_tokens = completion_tokens.plus(made.times(per_call[id(call)]))
    turns = sum(part.turns for part in prompted if part.is_turn)
    return Estimate(
        model=spec.model,
        engine=spec.engine,
        people=sum(spec.turns.values()),
        turns=turns,
        calls=_whole(calls),
        prompt_tokens=_whole(prompt_tokens),
        completion_tokens=_whole(completion_tokens),
        tokens=_whole(prompt_tokens.plus(completion_tokens)),
        cost_usd=_cost(prompt_tokens, shared_tokens, completion_tokens, quote),
        seconds=_seconds(spec, prompted, calls, prompt_tokens.plus(completion_tokens), quote, work),
        rests_on=(*_grounds(spec, quote, observed, work), *_pace(quote), *work.grounds),
    )


def _prompt(call: Call, quote: Quote, reply: Range) -> tuple[Range, Range]:
    """Tokens of a prompt: what all turns share, and what is one turn's own, with the replies that it carries."""
    batch = call.batch
    shared = sum(len(message.content) for message in batch.shared)
    schema = len(canonical(batch.response_schema)) if quote.counts_schema else 0
    lengths = [sum(len(message.content) for message in turn.messages) for turn in batch.turns]
    error = STANDARD_ERRORS * stdev(lengths) / sqrt(len(lengths)) if len(lengths) > 1 else 0.0
    usual = mean(lengths)
    own = Range(low=max(min(lengths), usual - error), likely=usual, high=max(usual, min(max(lengths), usual + error)))
    carried = Range(low=0, likely=reply.likely, high=reply.high).times(Range.exactly(call.replies))
    return (
        _tokens(Range(low=shared, likely=shared + schema / 2, high=shared + schema), quote),
        _tokens(own.plus(call.further), quote).plus(carried),
    )


def _completion(
    prompted: Sequence[Prompted], quote: Quote, observed: Sequence[Observed]
) -> tuple[dict[int, Range], Range | None]:
    """Tokens of a reply by call, and calls of a turn if that is known better than by assumption."""
    known = {
        id(call): _capped(call.batch, _tokens(reply_characters(call.batch.response_schema), quote))
        for part in prompted
        for call in part.calls
    }
    if len(observed) < ENOUGH:
        return known, None
    each = [one.completion_tokens / one.calls for one in observed]
    tenths = quantiles(each, n=10)
    usual = mean(each)
    length = Range(low=min(tenths[0], usual), likely=usual, high=max(tenths[-1], usual))
    calls = mean(one.calls for one in observed)
    known |= {id(call): length for part in prompted if part.is_turn for call in part.calls}
    least = min((len(part.calls) for part in prompted if part.is_turn), default=1)
    low = min(float(least), calls)
    return known, Range(low=low, likely=calls, high=max(REPAIRS.high * least, calls))


def _capped(batch: TurnBatch, length: Range) -> Range:
    most = batch.max_completion_tokens
    return Range(low=min(length.low, most), likely=min(length.likely, most), high=min(length.high, most))


def _tokens(characters: Range, quote: Quote) -> Range:
    ratio = quote.characters_per_token
    return Range(
        low=characters.low / ratio.high, likely=characters.likely / ratio.likely, high=characters.high / ratio.low
    )


def _whole(figure: Range) -> Range:
    return Range(low=int(round(figure.low, 6)), likely=round(figure.likely), high=ceil(round(figure.high, 6)))


def _cost(prompt: Range, shared: Range, completion: Range, quote: Quote) -> Range | None:
    """Low: the shared beginning of every prompt at the price of cached tokens. High: nothing is cached."""
    if quote.is_free:
        return NOTHING
    price = quote.price
    if price is None:
        return None
    saved = shared.low * (price.prompt_usd - min(price.cached_prompt_usd, price.prompt_usd))
    full = prompt.times(Range.exactly(price.prompt_usd)).plus(completion.times(Range.exactly(price.completion_usd)))
    return Range(low=(full.low - saved) / PER_MILLION, likely=full.likely / PER_MILLION, high=full.high / PER_MILLION)


def _seconds(
    spec: TurnsSpec, prompted: Sequence[Prompted], calls: Range, tokens: Range, quote: Quote, work: Work
) -> Range:
    """The work of platform and engine, and for a language model the calls, as many at once as it bears, step after
    step."""
    turns = Range.exactly(sum(part.turns for part in prompted))
    own = OWN_S.plus(work.start_s).plus(TURN_S.plus(work.turn_s).times(turns))
    if quote.is_free:
        return _rounded(own)
    latency = LATENCY_S if quote.latency_s is None else LATENCY_SPREAD.times(Range.exactly(quote.latency_s))
    rounds = max(1, len(spec.steps), sum(part.one_by_one for part in prompted))
    waves = max(1.0, calls.likely / max(1, quote.concurrency) / rounds) * rounds
    wave = Range(low=rounds, likely=waves, high=waves)
    waiting = latency.times(wave)
    for figure, allowed in ((calls, quote.rpm), (tokens, quote.tpm)):
        if allowed is not None:
            pace = figure.times(Range.exactly(MINUTE / allowed))
            waiting = Range(
                low=max(waiting.low, pace.low - MINUTE if pace.low > MINUTE else 0.0),
                likely=max(waiting.likely, pace.likely),
                high=max(waiting.high, pace.high),
            )
    return _rounded(own.plus(waiting))


def _rounded(figure: Range) -> Range:
    return Range(low=round(figure.low, 1), likely=round(figure.likely, 1), high=round(figure.high, 1))


def _many(things: Sized, name: str) -> str:
    return f"{len(things)} {name}" if len(things) == 1 else f"{len(things)} {name}s"


def _subjects(spec: TurnsSpec) -> Iterator[tuple[str, Literal["computed", "measured", "assumed"], str]]:
    """What is asked, and of what the prompts were measured."""
    if spec.steps:
        people = sum(spec.turns.values())
        yield "turns", "computed", f"{people} people in {_many(spec.turns, 'arm')} take {_many(spec.steps, 'step')}"
        yield "prompt_tokens", "measured", f"prompts composed for {len(spec.agents)} of the people as they will be sent"
    if spec.protocol:
        people = sum(spec.turns.values())
        yield "turns", "computed", f"{people} people are there for a protocol of {_many(spec.protocol, 'step')}"
        yield "prompt_tokens", "measured", f"prompts composed for {len(spec.agents)} of the people as they will be sent"
        yield "prompt_tokens", "assumed", "what people have said and heard before is as long as replies are"
    if spec.questions:
        yield "calls", "computed", f"{sum(one.count for one in spec.questions)} questions besides turns"
        composed = sum(len(one.batch.turns) for one in spec.questions)
        yield "prompt_tokens", "measured", f"{composed} of these questions, composed as they will be sent"


def _grounds(spec: TurnsSpec, quote: Quote, observed: Sequence[Observed], work: Work) -> list[Ground]:
    ratio = quote.characters_per_token
    found = [Ground(figure=figure, kind=kind, says=says) for figure, kind, says in _subjects(spec)]
    if quote.is_free:
        says = f"the offline model counts {ratio.likely:g} characters as a token"
        found.append(Ground(figure="prompt_tokens", kind="computed", says=says))
    else:
        says = f"from {ratio.low:g} to {ratio.high:g} characters in a token, and the form of the reply may count or not"
        found.append(Ground(figure="prompt_tokens", kind="assumed", says=says))
    is_known = len(observed) >= ENOUGH and bool(spec.steps)
    if is_known:
        says = f"the latest {len(observed)} turns of {spec.model}: from their shortest to their longest tenth"
        found.append(Ground(figure="completion_tokens", kind="observed", says=says))
    else:
        says = f"the form of the reply, with short and with long texts; {spec.model} took too few turns to tell"
        found.append(Ground(figure="completion_tokens", kind="assumed", says=says))
    if quote.is_free:
        found.append(Ground(figure="calls", kind="computed", says=work.asks))
    elif not is_known:
        found.append(Ground(figure="calls", kind="assumed", says=f"{work.asks}; up to a tenth are repaired"))
    else:
        found.append(Ground(figure="calls", kind="observed", says=f"calls in these {len(observed)} turns"))
    return found


def _pace(quote: Quote) -> list[Ground]:
    """What cost and time rest on."""
    if quote.is_free:
        cost = Ground(figure="cost_usd", kind="computed", says="the offline model is free")
        return [cost, Ground(figure="seconds", kind="measured", says="turns of the platform on two cores")]
    if quote.price is None:
        cost = Ground(figure="cost_usd", kind="assumed", says="the price table does not know the model")
    else:
        valid = f"prices of {quote.price.valid_from}: {quote.price.source}"
        cost = Ground(figure="cost_usd", kind="published", says=f"{valid}; low: the shared part of prompts is cached")
    limits = [
        f"{number} {unit} a minute" for number, unit in ((quote.rpm, "requests"), (quote.tpm, "tokens")) if number
    ]
    at_once = ", ".join([f"{quote.concurrency} calls at once", *limits])
    if quote.latency_s is None:
        says = f"{at_once}; a call takes from {LATENCY_S.low:g} to {LATENCY_S.high:g} s, none was observed yet"
        return [cost, Ground(figure="seconds", kind="assumed", says=says)]
    return [
        cost,
        Ground(figure="seconds", kind="observed", says=f"{at_once}; calls took {quote.latency_s:.1f} s lately"),
    ]
