"""A provider's batch API: files, batches, and what becomes of them, as OpenAI documents it."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.services.models.stub import Answer, Stub, completion, serving

Line = dict[str, Any]


def made(line: Line, answer: Answer) -> Line:
    """The line of a call that was made."""
    response = {"status_code": answer.status, "request_id": "req_1", "body": json.loads(answer.body)}
    return {"id": "batch_req_1", "custom_id": line["custom_id"], "response": response, "error": None}


def expired(line: Line) -> Line:
    """The line of a call that was not made in time."""
    error = {"code": "batch_expired", "message": "This request could not be executed before the completion window."}
    return {"id": "batch_req_2", "custom_id": line["custom_id"], "response": None, "error": error}


@dataclass
class BatchStub(Stub):
    """A provider with batch jobs. `answer_line` says what comes of each line of a job once that is `completed`."""

    answer_line: Callable[[Line], Line] = lambda line: made(line, completion())
    status: str = "in_progress"
    """Of all jobs."""
    files: dict[str, str] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    polls: int = 0
    deleted: list[str] = field(default_factory=list)
    file_paths: list[str] = field(default_factory=list)
    lose_create: bool = False
    """Makes the job and then loses the answer."""
    errors: list[dict[str, Any]] = field(default_factory=list)

    @property
    def submitted(self) -> list[str]:
        """The keys of all calls of all jobs, as often as they were submitted."""
        texts = [self.files[batch["input_file_id"]] for batch in self.batches.values()]
        return [json.loads(line)["custom_id"] for text in texts for line in text.split("\n")]

    async def upload(self, request: web.Request) -> web.Response:
        self.file_paths.append(request.path_qs)
        form = await request.post()
        assert form["purpose"] == "batch"
        name = f"file_{len(self.files)}"
        self.files[name] = form["file"].file.read().decode()
        return web.json_response({"id": name, "object": "file"})

    async def create(self, request: web.Request) -> web.Response:
        body = await request.json()
        name = f"batch_{len(self.batches)}"
        self.batches[name] = {"id": name, "object": "batch", "metadata": body["metadata"]} | body
        if self.lose_create:
            self.lose_create = False
            request.transport.close()
        return web.json_response(self._shown(name))

    async def list(self, request: web.Request) -> web.Response:
        shown = [self._shown(name) for name in reversed(self.batches)]
        return web.json_response({"object": "list", "data": shown, "has_more": False})

    async def show(self, request: web.Request) -> web.Response:
        self.polls += 1
        return web.json_response(self._shown(request.match_info["name"]))

    async def content(self, request: web.Request) -> web.Response:
        self.file_paths.append(request.path_qs)
        return web.Response(text=self.files[request.match_info["name"]])

    async def delete(self, request: web.Request) -> web.Response:
        self.deleted.append(request.match_info["name"])
        return web.json_response({"deleted": True})

    def _shown(self, name: str) -> dict[str, Any]:
        batch = self.batches[name] | {"status": self.status}
        if self.status in {"completed", "expired"}:
            lines = [json.loads(line) for line in self.files[batch["input_file_id"]].split("\n")]
            done = [self.answer_line(line) for line in lines]
            for kind, is_error in (("output", False), ("error", True)):
                some = [line for line in done if bool(line["error"]) is is_error]
                if some:
                    self.files[f"{name}_{kind}"] = "\n".join(map(json.dumps, some)) + "\n"
                    batch[f"{kind}_file_id"] = f"{name}_{kind}"
        if self.errors:
            batch["errors"] = {"object": "list", "data": self.errors}
        return batch


@asynccontextmanager
async def serving_batches(stub: BatchStub) -> AsyncIterator[BatchStub]:
    """The provider on a port of this machine."""

    def routes(app: web.Application) -> None:
        for prefix in ("/v1", "/openai"):
            app.router.add_post(f"{prefix}/files", stub.upload)
            app.router.add_get(f"{prefix}/files/{{name}}/content", stub.content)
            app.router.add_delete(f"{prefix}/files/{{name}}", stub.delete)
            app.router.add_post(f"{prefix}/batches", stub.create)
            app.router.add_get(f"{prefix}/batches", stub.list)
            app.router.add_get(f"{prefix}/batches/{{name}}", stub.show)

    async with serving(stub, routes):
        yield stub
