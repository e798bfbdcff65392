"""What endpoints of webhooks need: the service."""

from typing import Annotated

from fastapi import Depends, Request

from services.webhooks.service import Service


def service_of(request: Request) -> Service:
    """The service `create_app` built."""
    found: Service = request.app.state.service
    return found


Webhooks = Annotated[Service, Depends(service_of)]
