"""`GET /v1/jobs`: the batch jobs of mode economy."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from libs.http import Read
from services.models.api.access import Service
from services.models.store import JobRow

router = APIRouter()


class JobView(BaseModel):
    """A batch job."""

    job_id: str
    simulation_id: str
    endpoint: str
    model: str
    state: str = Field(description="prepared → submitted → ended → closed, when every call is in the ledger")
    batch_id: str | None = Field(description="The provider's id for it.")
    calls: int
    problem: str | None
    created_at: datetime
    submitted_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, row: JobRow) -> "JobView":
        """The view of a row."""
        return cls(**row._asdict())


class JobList(BaseModel):
    """The newest jobs, the last one first."""

    items: list[JobView]


@router.get("/jobs")
async def list_jobs(service: Service, tx: Read) -> JobList:
    """The newest batch jobs and how they are."""
    return JobList(items=[JobView.of(row) for row in await service.jobs(tx)])
