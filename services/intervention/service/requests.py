"""What systems outside ask for over the bus: carried out whole, or rejected with every reason, and once.

Messages come twice and in any order. Two with one `request_id` are the same request or a mistake; what a request builds
on is waited for a while; and a change that is older than the one before it is not made.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

import orjson
from pydantic import ValidationError

from libs.bus import DeadLetter, NotReadyError
from libs.contracts.base import JsonObject
from libs.contracts.envelope import Message
from libs.contracts.errors import DomainError, FieldError, InvalidError, NotFoundError
from libs.contracts.experiments import ExecutionSpec, InterventionSpec
from libs.contracts.ids import new_id
from libs.contracts.intervention import InterventionRequested
from libs.contracts.subjects import TOKEN
from libs.db import Transaction
from libs.http.problems import field_errors
from services.intervention.domain.request import UNREADABLE, Request, fingerprint
from services.intervention.events import Events
from services.intervention.service.interventions import Interventions
from services.intervention.store import Store

B = TypeVar("B", InterventionSpec, ExecutionSpec)
NAMELESS = "unnamed"
REMEMBERED = 10_000


class Made(NamedTuple):
    """What a request led to."""

    intervention_id: str
    simulation_id: str | None


class Requests:
    """Obeys requests, and tells what became of them."""

    def __init__(self, interventions: Interventions, store: Store, events: Events, patience_s: float) -> None:
        """`patience_s`: how long what a request builds on may be missing."""
        self._interventions = interventions
        self._store = store
        self._events = events
        self._patience_s = patience_s
        self._first_tried: dict[str, float] = {}

    async def obey(self, tx: Transaction, message: Message[InterventionRequested]) -> None:
        """Do what somebody outside wants, all of it or nothing; what is wrong with it is told."""
        asked, envelope = message.data, message.envelope
        request = Request(
            request_id=asked.request_id,
            source=envelope.source,
            fingerprint=fingerprint(envelope.source, asked.model_dump(mode="json")),
            action=asked.action,
            sent_at=envelope.time.astimezone(UTC),
            handled_at=datetime.now(UTC),
        )
        if not await self._store.requests.claim(tx, request):
            known = await self.find(tx, asked.request_id)
            if known.fingerprint == request.fingerprint:
                return
            if known.fingerprint != UNREADABLE:
                errors = [FieldError("request_id", "was used by another request; take a new one")]
                await self._events.rejected(tx, asked.request_id, asked.action, asked.intervention_id, errors)
                return
        try:
            made = await self._carry_out(tx, asked, request)
        except DomainError as error:
            await self._reject(tx, request, error.errors or (FieldError("request", error.detail),))
        else:
            done = replace(request, intervention_id=made.intervention_id, simulation_id=made.simulation_id)
            await self._store.requests.settle(tx, done)

    async def give_up(self, tx: Transaction, letter: DeadLetter) -> None:
        """Reject a request that could not be read, or handled, so that whoever sent it is told."""
        asked = letter.read(InterventionRequested)
        key = letter.key if TOKEN.fullmatch(letter.key) else NAMELESS
        request = Request(
            request_id=asked.request_id if asked else key,
            source=letter.headers.get("ce-source", ""),
            fingerprint=UNREADABLE,
            action=asked.action if asked else "unknown",
            sent_at=letter.failed_at or datetime.now(UTC),
            handled_at=datetime.now(UTC),
        )
        errors = _unreadable(letter)
        if await self._store.requests.claim(tx, request):
            await self._reject(tx, request, errors)
        else:  # one of this name was carried out before, or rejected
            await self._events.rejected(tx, request.request_id, request.action, None, errors)

    async def find(self, tx: Transaction, request_id: str) -> Request:
        """What became of a request. Raises `NotFoundError` for one that has not come, or waits for another."""
        found = await self._store.requests.get(tx, request_id)
        if found is None:
            raise NotFoundError("request", request_id)
        return found

    async def newest(self, tx: Transaction, limit: int, before: tuple[datetime, str] | None) -> list[Request]:
        """Requests, the last handled first."""
        return await self._store.requests.newest(tx, limit, before)

    async def _reject(self, tx: Transaction, request: Request, errors: Sequence[FieldError]) -> None:
        await self._store.requests.settle(tx, replace(request, errors=tuple(errors)))
        await self._events.rejected(tx, request.request_id, request.action, request.intervention_id, errors)

    def _is_late(self, request_id: str) -> bool:
        """Whether a request has been tried for so long that what it builds on will not come any more.

        Counted from the first try here and not from when it was sent: what it waits for may be in the same backlog.
        """
        began = self._first_tried.setdefault(request_id, time.monotonic())
        if len(self._first_tried) > REMEMBERED:
            del self._first_tried[next(iter(self._first_tried))]
        return time.monotonic() - began > self._patience_s

    async def _carry_out(self, tx: Transaction, asked: InterventionRequested, request: Request) -> Made:
        """Check everything, then do it. Raises `DomainError`, `NotReadyError`; nothing has been done then."""
        spec, execution = _read(asked)
        is_late = self._is_late(asked.request_id)
        known = await self._meant(tx, asked, is_late=is_late)
        for body in (spec, execution):
            await self._wait_for_population(tx, body.population_id if body else None, is_late=is_late)
        if spec is None:
            made = await self._interventions.known(tx, known)
        else:
            identity = new_id("int") if asked.action == "create" else await self._changeable(tx, known, request.sent_at)
            made = await self._interventions.designed(tx, spec, identity)
        if execution is not None:
            await self._interventions.check_execution(tx, made, execution)
        self._first_tried.pop(asked.request_id, None)
        if asked.action == "create":
            await self._events.created(tx, made)
        if spec is not None:
            await self._store.designs.replace(tx, made)
        if execution is None:
            return Made(made.id, None)
        return Made(made.id, (await self._interventions.execute(tx, made.id, execution)).simulation_id)

    async def _meant(self, tx: Transaction, asked: InterventionRequested, *, is_late: bool) -> str | None:
        """The id of the intervention that a request is about, if it is about one that is there."""
        maker = asked.created_by_request
        if maker is None:
            return asked.intervention_id
        if asked.intervention_id is not None or asked.action == "create":
            raise InvalidError("created_by_request", "is for modify and execute, without intervention_id")
        found = await self._store.requests.get(tx, maker)
        if found is None and not is_late:
            raise NotReadyError(f"the request {maker!r} has not come")
        if found is None or found.intervention_id is None:
            raise InvalidError(
                "created_by_request", f"{maker!r} " + ("did not come" if found is None else "was rejected")
            )
        return found.intervention_id

    async def _wait_for_population(self, tx: Transaction, population_id: str | None, *, is_late: bool) -> None:
        if population_id is None or is_late or await self._interventions.knows_population(tx, population_id):
            return
        raise NotReadyError(f"the population {population_id!r} has not been heard of")

    async def _changeable(self, tx: Transaction, intervention_id: str | None, sent_at: datetime) -> str:
        """The id of an intervention that may be changed: it has not run, and no later change of it has been made."""
        found = await self._interventions.known(tx, intervention_id, lock=True)
        if await self._store.executions.latest(tx, found.id) is not None:
            raise InvalidError("intervention_id", f"{found.id!r} has been executed; what was tried stays as it was")
        newer = await self._store.requests.newer_than(tx, found.id, sent_at)
        if newer is not None:
            raise InvalidError("intervention_id", f"{found.id!r} was changed by {newer!r}, which was sent later")
        return found.id


def _read(request: InterventionRequested) -> tuple[InterventionSpec | None, ExecutionSpec | None]:
    """The bodies of a request, refused where `POST /interventions/…` would refuse them."""
    if (request.action == "execute") is (request.intervention is not None):
        raise InvalidError("intervention", f"is for create and modify, and needed there; this is {request.action}")
    execution = request.execution if request.action != "execute" else request.execution or {}
    return (
        None if request.intervention is None else _body(InterventionSpec, request.intervention, "intervention"),
        None if execution is None else _body(ExecutionSpec, execution, "execution"),
    )


def _body(kind: type[B], document: JsonObject, field: str) -> B:
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        found = [replace(one, field=f"{field}.{one.field}") for one in field_errors(error, document)]
        raise DomainError("The request is not valid.", found) from error


def _unreadable(letter: DeadLetter) -> list[FieldError]:
    """Why a message was given up: its fields where they are the reason, else what was said when it was."""
    try:
        InterventionRequested.model_validate(document := orjson.loads(letter.body))
    except ValidationError as error:
        return field_errors(error, document)
    except ValueError:
        return [FieldError("data", "is not valid JSON")]
    return [FieldError("event", letter.error)]
