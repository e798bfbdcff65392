"""Use cases of studies: a draft that is edited, versions that are published and never change, templates."""

from dataclasses import replace
from datetime import UTC, datetime

from libs.contracts.errors import InvalidError, NotFoundError
from libs.contracts.ids import new_id
from libs.db import Transaction
from libs.studies import StudyFile
from services.orchestrator.domain.study import Source, Study, Version
from services.orchestrator.domain.templates import StudyTemplate, templates
from services.orchestrator.store import StudyStore


class Studies:
    """Keeps study files; what runs one is elsewhere."""

    def __init__(self, store: StudyStore) -> None:
        self._store = store

    async def create(self, tx: Transaction, file: StudyFile) -> Study:
        """Keep a study; nothing is published yet."""
        now = datetime.now(UTC)
        study = Study(new_id("std"), file.spec.name, now, now, 0, Source(file.media, file.text))
        await self._store.save(tx, study)
        return study

    async def edit(self, tx: Transaction, study_id: str, file: StudyFile) -> Study:
        """Put another draft in the place of the one there is. Raises `NotFoundError`."""
        study = (await self._get(tx, study_id, lock=True)).edited(file, datetime.now(UTC))
        await self._store.save(tx, study)
        return study

    async def publish(self, tx: Transaction, study_id: str) -> Version:
        """Make the draft the next version; one that is published already stays it. Raises `NotFoundError`."""
        study = await self._get(tx, study_id, lock=True)
        newest = await self._store.get_version(tx, study_id, study.version)
        if newest is not None and newest.file == study.file:
            return newest
        version = Version(study_id, study.version + 1, datetime.now(UTC), study.file)
        await self._store.add_version(tx, version)
        await self._store.save(tx, replace(study, version=version.version))
        return version

    async def get(self, tx: Transaction, study_id: str) -> tuple[Study, Version | None]:
        """A study with its newest version. Raises `NotFoundError`."""
        study = await self._get(tx, study_id)
        return study, await self._store.get_version(tx, study_id, study.version)

    async def version(self, tx: Transaction, study_id: str, number: int) -> Version:
        """Raises `NotFoundError` for the study, `InvalidError` for a version it does not have."""
        study = await self._get(tx, study_id)
        found = await self._store.get_version(tx, study_id, number)
        if found is None:
            known = [str(one) for one in range(1, study.version + 1)]
            raise InvalidError("version", f"study {study_id!r} has no version {number}", known)
        return found

    async def versions(self, tx: Transaction, study_id: str) -> list[Version]:
        """Every version, newest first. Raises `NotFoundError`."""
        await self._get(tx, study_id)
        return await self._store.list_versions(tx, study_id)

    async def page(self, tx: Transaction, *, name: str | None, before: str | None, limit: int) -> list[Study]:
        """Studies, newest first."""
        return await self._store.page(tx, name=name, before=before, limit=limit)

    def templates(self) -> list[StudyTemplate]:
        """The newest version of every template."""
        return [versions[-1] for versions in templates().values()]

    def template(self, name: str, number: int | None) -> StudyTemplate:
        """A template in one version, or in its newest. Raises `NotFoundError`, `InvalidError`."""
        if (versions := templates().get(name)) is None:
            raise NotFoundError("study template", name)
        if number is None:
            return versions[-1]
        by_number = {one.version: one for one in versions}
        if number not in by_number:
            raise InvalidError("version", f"template {name!r} has no version {number}", list(map(str, by_number)))
        return by_number[number]

    async def _get(self, tx: Transaction, study_id: str, *, lock: bool = False) -> Study:
        study = await self._store.get(tx, study_id, lock=lock)
        if study is None:
            raise NotFoundError("study", study_id)
        return study
