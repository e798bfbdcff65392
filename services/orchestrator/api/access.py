"""What every resource needs: the service."""

from typing import Annotated

from fastapi import Depends, Request

from services.orchestrator.service import Orchestrator


def orchestrator(request: Request) -> Orchestrator:
    """The service `create_app` built."""
    service: Orchestrator = request.app.state.service
    return service


Service = Annotated[Orchestrator, Depends(orchestrator)]
