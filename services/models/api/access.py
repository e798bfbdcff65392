"""What every resource needs: the service, and who pays."""

from typing import Annotated

from fastapi import Depends, Request
from pydantic import Field

from libs.contracts.base import Body
from services.models.service import Models


def models(request: Request) -> Models:
    """The service `create_app` built."""
    service: Models = request.app.state.service
    return service


Service = Annotated[Models, Depends(models)]


class Metadata(Body):
    """Which simulation pays."""

    simulation_id: str = Field(default="", max_length=64)
