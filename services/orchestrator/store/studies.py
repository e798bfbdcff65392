"""Queries of studies: their drafts, and versions that are written once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row as SqlRow
from sqlalchemy import select

from libs.db import Transaction, insert_new, upsert
from services.orchestrator.domain.study import Source, Study, Version
from services.orchestrator.tables import studies, study_versions


class StudyStore:
    """Every query filters by the transaction's tenant."""

    async def save(self, tx: Transaction, study: Study) -> None:
        """Write a study, new or loaded in this transaction."""
        row = {
            "tenant": tx.tenant,
            "study_id": study.study_id,
            "name": study.name,
            "created_at": study.created_at,
            "updated_at": study.updated_at,
            "version": study.version,
            **_columns(study.file),
        }
        await upsert(tx, studies, [row])

    async def get(self, tx: Transaction, study_id: str, *, lock: bool = False) -> Study | None:
        """A study; locked until the transaction ends when it will be changed."""
        query = select(studies).where(studies.c.tenant == tx.tenant, studies.c.study_id == study_id)
        row = (await tx.execute(query.with_for_update() if lock else query)).one_or_none()
        return None if row is None else _study(row)

    async def page(self, tx: Transaction, *, name: str | None, before: str | None, limit: int) -> list[Study]:
        """Studies, newest first (their ids grow with time); only those with this in their name."""
        query = select(studies).where(studies.c.tenant == tx.tenant).order_by(studies.c.study_id.desc()).limit(limit)
        if name is not None:
            query = query.where(studies.c.name.icontains(name, autoescape=True))
        if before is not None:
            query = query.where(studies.c.study_id < before)
        return [_study(row) for row in await tx.execute(query)]

    async def add_version(self, tx: Transaction, version: Version) -> None:
        """Keep a version for good."""
        row = {
            "tenant": tx.tenant,
            "study_id": version.study_id,
            "version": version.version,
            "published_at": version.published_at,
            **_columns(version.file),
        }
        await insert_new(tx, study_versions, [row])

    async def get_version(self, tx: Transaction, study_id: str, version: int) -> Version | None:
        """A version of a study."""
        found = await self._versions(tx, study_id, only=version)
        return found[0] if found else None

    async def list_versions(self, tx: Transaction, study_id: str) -> list[Version]:
        """Versions of a study, newest first."""
        return await self._versions(tx, study_id)

    async def _versions(self, tx: Transaction, study_id: str, only: int | None = None) -> list[Version]:
        query = select(study_versions).where(
            study_versions.c.tenant == tx.tenant, study_versions.c.study_id == study_id
        )
        if only is not None:
            query = query.where(study_versions.c.version == only)
        rows: Sequence[SqlRow[Any]] = (await tx.execute(query.order_by(study_versions.c.version.desc()))).all()
        return [_version(row) for row in rows]


def _columns(file: Source) -> dict[str, str]:
    return {"sha256": file.sha256, "media": file.media, "source": file.source}


def _study(row: SqlRow[Any]) -> Study:
    created: datetime = row.created_at
    return Study(row.study_id, row.name, created, row.updated_at, row.version, Source(row.media, row.source))


def _version(row: SqlRow[Any]) -> Version:
    return Version(row.study_id, row.version, row.published_at, Source(row.media, row.source))
