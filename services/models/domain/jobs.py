"""Batch jobs (mode: economy): what is kept of one, and the lines of the files that go to a provider and come back.

A job is kept with its calls before anything is sent, and carries its own id to the provider: a process that is killed
at any point finds out by that id whether the provider has it, so no job is submitted twice.
"""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from libs.contracts.base import JsonObject
from libs.contracts.turns import ChatMessage
from services.models.domain.calls import Call, Sampling
from services.models.domain.refusals import OK, Cause, Refusal, refusal_in, shorten
from services.models.domain.replies import Reading, read_completion

MOST_CALLS = 2_000
JOB = "rehearsal_job"
"""The key under which a job's id stands in the provider's metadata."""
LONGEST_FILE = 268_435_456


class JobState(StrEnum):
    """prepared → submitted → ended → closed: closed when every call of it is in the ledger."""

    PREPARED = "prepared"
    SUBMITTED = "submitted"
    ENDED = "ended"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Job:
    """Calls of one simulation to one model, made together."""

    job_id: str
    tenant: str
    simulation_id: str
    endpoint: str
    model: str
    calls: tuple[Call, ...]
    created_at: datetime
    batch_id: str | None = None
    """The provider's id for it; None before the provider has it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a provider says about a job."""

    batch_id: str
    status: str
    files: tuple[str, ...]
    """Ids of the files of results and of errors."""
    input_file: str | None
    problem: str

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.status in {"completed", "failed", "expired", "cancelled"}


def read_batch(document: object) -> Batch | None:
    """A provider's batch object; None when it is none."""
    if not isinstance(document, Mapping) or not isinstance(document.get("id"), str):
        return None
    files = [document.get("output_file_id"), document.get("error_file_id")]
    errors = document.get("errors")
    first = errors.get("data") if isinstance(errors, Mapping) else None
    problem = first[0].get("message") if isinstance(first, list) and first and isinstance(first[0], Mapping) else ""
    given = document.get("input_file_id")
    return Batch(
        batch_id=document["id"],
        status=str(document.get("status")),
        files=tuple(file for file in files if isinstance(file, str)),
        input_file=given if isinstance(given, str) else None,
        problem=shorten(str(problem)) if problem else "",
    )


def find_batch(document: object, job_id: str) -> Batch | None:
    """The batch of a job in a provider's list of batches."""
    listed = document.get("data") if isinstance(document, Mapping) else None
    for item in listed if isinstance(listed, list) else ():
        metadata = item.get("metadata") if isinstance(item, Mapping) else None
        if isinstance(metadata, Mapping) and metadata.get(JOB) == job_id:
            return read_batch(item)
    return None


def input_line(key: str, url: str, body: JsonObject) -> str:
    """The line of one call in the file that goes to the provider."""
    return json.dumps({"custom_id": key, "method": "POST", "url": url, "body": body})


def read_lines(text: str, calls: Mapping[str, Call]) -> Iterator[tuple[Call, Reading | Refusal]]:
    """What came of the calls that a file of results or errors names; lines of nobody are passed over."""
    for line in text.split("\n"):
        try:
            document = json.loads(line) if line.strip() else None
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict) and (call := calls.get(str(document.get("custom_id")))) is not None:
            yield call, _read(document, call)


def _read(document: JsonObject, call: Call) -> Reading | Refusal:
    response, error = document.get("response"), document.get("error")
    if isinstance(response, Mapping):
        status, body = response.get("status_code"), response.get("body")
        if status == OK:
            return read_completion(body, call.response_schema)
        if body or not error:
            return refusal_in(status if isinstance(status, int) else 0, body)
    said = error.get("message") or error.get("code") if isinstance(error, Mapping) else error
    return Refusal(Cause.OTHER, f"the batch job did not make this call: {shorten(str(said))}", is_retryable=False)


def pack(calls: Sequence[Call]) -> bytes:
    """Calls as they are kept with their job."""
    return zlib.compress("\n".join(json.dumps(_document(call)) for call in calls).encode(), level=6)


def unpack(data: bytes, model: str) -> list[Call]:
    """Calls as they were kept."""
    return [_call(json.loads(line), model) for line in zlib.decompress(data).decode().split("\n")]


def _document(call: Call) -> JsonObject:
    sampling = call.sampling
    return {
        "key": call.key,
        "messages": [[message.role, message.content] for message in (*call.shared, *call.messages)],
        "response_schema": call.response_schema,
        "seed": sampling.seed,
        "temperature": sampling.temperature,
        "max_completion_tokens": sampling.max_completion_tokens,
        "more": dict(sampling.more),
    }


def _call(document: JsonObject, model: str) -> Call:
    sampling = Sampling(document["seed"], document["temperature"], document["max_completion_tokens"], document["more"])
    messages = tuple(ChatMessage(role=role, content=content) for role, content in document["messages"])
    return Call(document["key"], model, (), messages, document["response_schema"], sampling)
