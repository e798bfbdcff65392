"""The endpoints of studies: kept, checked, estimated and run; and simulations made from other ones."""

from pathlib import Path

import httpx

from libs.client.errors import ProblemError, UnreachableError
from libs.client.transport import Connection, as_object, token
from libs.contracts.base import JsonObject
from libs.contracts.experiments import StudySpec

PATIENCE_S = 900.0
"""How long a run may take to begin where a language model writes its people."""


class StudiesClient(Connection):
    """The endpoints of studies."""

    async def estimate(self, spec: StudySpec | JsonObject) -> JsonObject:
        """Calls, tokens, USD and time of a study before it runs, with what each figure rests on."""
        return await self._post("/studies/estimate", spec)

    async def run_study(self, study: StudySpec | JsonObject | Path) -> JsonObject:
        """Run a study, or a study file (YAML, or JSON by its ending `.json`), which the platform reads.

        Answers `simulation_id`, `population_id`, `intervention_id` and its `estimate`.
        """
        if isinstance(study, Path):
            return await self._file("POST", "/studies/run", *_content(study), patience_s=PATIENCE_S)
        return await self._post("/studies/run", study, patience_s=PATIENCE_S)

    async def create_study(self, content: bytes, media: str) -> JsonObject:
        """Keep a study file, byte for byte."""
        return await self._file("POST", "/studies", content, media)

    async def edit_study(self, study_id: str, content: bytes, media: str) -> JsonObject:
        """Put another file in the place of a study's draft."""
        return await self._file("PUT", f"/studies/{token(study_id)}", content, media)

    async def validate_study(self, content: bytes, media: str) -> JsonObject:
        """What is wrong with a study file, by itself and on the platform."""
        return await self._file("POST", "/studies/validate", content, media)

    async def studies(
        self, *, name: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> JsonObject:
        """One page of studies, newest first."""
        return await self._get("/studies", {"name": name, "limit": limit, "cursor": cursor})

    async def study(self, study_id: str) -> JsonObject:
        """A study with its draft."""
        return await self._get(f"/studies/{token(study_id)}")

    async def study_file(self, study_id: str, *, version: int | None = None) -> bytes:
        """A study's file as it was sent: the draft, or a version."""
        return (await self._send("GET", f"/studies/{token(study_id)}/file", {"version": version})).content

    async def publish_study(self, study_id: str) -> JsonObject:
        """Make a study's draft its next version."""
        return await self._post(f"/studies/{token(study_id)}/publish", {})

    async def study_versions(self, study_id: str) -> JsonObject:
        """The versions of a study, newest first."""
        return await self._get(f"/studies/{token(study_id)}/versions")

    async def run_kept_study(
        self,
        study_id: str,
        *,
        version: int | None = None,
        changes: JsonObject | None = None,
        budget: JsonObject | None = None,
    ) -> JsonObject:
        """Run a version of a study, or its draft; a budget takes the place of the study's own."""
        body: JsonObject = {"version": version, "changes": changes or {}, "budget": budget}
        return await self._post(f"/studies/{token(study_id)}/run", body, patience_s=PATIENCE_S)

    async def study_templates(self) -> JsonObject:
        """Studies to begin with."""
        return await self._get("/studies/templates")

    async def study_template(self, name: str, *, version: int | None = None) -> JsonObject:
        """One of them, whole."""
        return await self._get(f"/studies/templates/{token(name)}", {"version": version})

    async def clone(self, simulation_id: str, *, name: str | None = None) -> JsonObject:
        """Set up a simulation as another one."""
        return await self._post(f"/simulations/{token(simulation_id)}/clone", {"name": name})

    async def rerun(self, simulation_id: str, changes: JsonObject | None = None) -> JsonObject:
        """Run again what a simulation ran, with a merge patch of its settings or its study."""
        return await self._post(f"/simulations/{token(simulation_id)}/rerun", changes or {}, patience_s=PATIENCE_S)

    async def _file(
        self, method: str, path: str, content: bytes, media: str, *, patience_s: float | None = None
    ) -> JsonObject:
        timeout = httpx.USE_CLIENT_DEFAULT if patience_s is None else patience_s
        headers = {"content-type": media}
        try:
            answer = await self._http.request(method, path, content=content, headers=headers, timeout=timeout)
        except httpx.TransportError as error:
            raise UnreachableError(self.url, str(error) or type(error).__name__) from error
        if not answer.is_success:
            raise ProblemError.of(answer)
        return as_object(answer)


def _content(file: Path) -> tuple[bytes, str]:
    """A study file and what it is."""
    return file.read_bytes(), "application/json" if file.suffix == ".json" else "application/yaml"
