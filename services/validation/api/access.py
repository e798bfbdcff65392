"""What every resource needs: the service behind it, and how files are sent."""

from typing import Annotated

from fastapi import Depends, Request

from services.validation.service import Validation

NOSNIFF = {"x-content-type-options": "nosniff"}


def validation(request: Request) -> Validation:
    """The service `create_app` built."""
    service: Validation = request.app.state.service
    return service


Service = Annotated[Validation, Depends(validation)]
