"""Enrich and style: one call of a language model each, and never the offline model."""

import json
from typing import Any

import pytest

from tests.services.communication.parts import reply, stage

ENRICH = {"content": "Rest more.", "requirements": "Add examples.", "model": "some-model"}
STYLE = {"content": "Rest more.", "style": "Formal, for a board.", "model": "some-model"}


@pytest.mark.parametrize(
    ("path", "body", "wish"),
    [("enrich", ENRICH, {"requirements": "Add examples."}), ("style", STYLE, {"style": "Formal, for a board."})],
)
async def test_a_text_is_written_anew_in_one_call(
    nats_url: str, sqlite_url: str, path: str, body: dict[str, str], wish: dict[str, str]
) -> None:
    async with stage(nats_url, sqlite_url) as service:
        service.models.script = lambda turn: reply(turn, json.dumps({"content": "Rest more, for example on Sundays."}))
        more = {"content_type": "leaflet", "context": "A clinic."}
        answer = await service.client.post(f"/communications/{path}", json={**body, **more})
        assert answer.status_code == 200, answer.text
        assert answer.json()["content"] == "Rest more, for example on Sundays."
        assert answer.json()["usage"]["calls"] == 1
        shown = service.models.blocks()
        assert shown == {
            "task": {**wish, "kind": "leaflet", "background": "A clinic."},
            "content": "Rest more.",
        }
        assert len(service.models.batches) == 1


@pytest.mark.parametrize(("path", "body"), [("enrich", ENRICH), ("style", STYLE)])
async def test_the_offline_model_is_refused_by_name_with_those_that_can_write(
    nats_url: str, sqlite_url: str, path: str, body: dict[str, str]
) -> None:
    async with stage(nats_url, sqlite_url) as service:

        async def refused(status: int = 422, **changes: Any) -> dict[str, Any]:
            answer = await service.client.post(f"/communications/{path}", json={**body, **changes})
            assert answer.status_code == status, answer.text
            return dict(answer.json())

        [problem] = (await refused(model="offline"))["errors"]
        assert problem == {
            "field": "model",
            "message": "the offline model writes no prose",
            "allowed": ["some-model"],
        }
        assert (await refused(model="gpt-nobody"))["errors"][0]["allowed"] == ["some-model"]
        assert (await refused(content=""))["errors"][0]["field"] == "content"
        service.models.script = lambda turn: reply(turn, "I would rather not.")
        assert "no JSON object" in (await refused(502))["detail"]
        assert service.models.asked.total() == 1
