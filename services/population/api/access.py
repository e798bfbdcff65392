"""What every resource of the service needs of its app."""

from typing import Annotated

from fastapi import Depends, Query, Request

from services.population.service import Populations

FURTHEST = 2**31 - 1
"""The largest index or version a cursor may name."""
NOSNIFF = {"x-content-type-options": "nosniff"}
SegmentName = Annotated[str | None, Query(max_length=120, description="A segment, or (rest).")]


def populations(request: Request) -> Populations:
    """The service `create_app` built."""
    service: Populations = request.app.state.service
    return service


Service = Annotated[Populations, Depends(populations)]
