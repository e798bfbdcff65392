"""What every resource needs: the service behind it, and how files are sent."""

from typing import Annotated

from fastapi import Depends, Query, Request

from services.results.service import Results

CSV = "text/csv; charset=utf-8"


def results(request: Request) -> Results:
    """The service `create_app` built."""
    service: Results = request.app.state.service
    return service


Service = Annotated[Results, Depends(results)]
Filter = Annotated[str | None, Query(max_length=120)]


def file_headers(name: str, disposition: str = "attachment") -> dict[str, str]:
    """The headers of a file."""
    return {"content-disposition": f'{disposition}; filename="{name}"', "x-content-type-options": "nosniff"}
