"""Why a process does not start, in one line. What nobody foresaw keeps its traceback."""

from fastapi import FastAPI
from nats.errors import Error as NatsError
from pydantic import ValidationError
from starlette.types import Message, Receive, Scope, Send

from libs.bus.spreading import SpreadError
from libs.bus.streams import UnsuitableServerError
from libs.db import said_by
from libs.db.migrate import NotMigratedError
from libs.runtime.settings import PREFIX


class Starting:
    """An app whose server logs why it does not start."""

    def __init__(self, app: FastAPI, service: str) -> None:
        self._app = app
        self._service = service
        self.state = app.state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let everything through but the traceback of a start that failed for a known reason."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        failed: list[Message] = []

        async def hold(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                failed.append(message)
            else:
                await send(message)

        try:
            await self._app(scope, receive, hold)
        except Exception as error:
            if not failed:
                raise
            if (reason := reason_of(error, self._service)) is not None:
                failed[0]["message"] = f"{self._service} cannot start: {reason}"
            await send(failed[0])


def reason_of(error: BaseException, service: str) -> str | None:
    """What is missing; None for what nobody foresaw. It shows no password."""
    if isinstance(error, NotMigratedError):
        return f"{error}; `python -m services.{service} migrate` does it"
    if isinstance(error, UnsuitableServerError | SpreadError) or type(error) is ConnectionError:  # the bus says it all
        return str(error)
    if isinstance(error, NatsError):
        return f"{_setting(service, 'nats_url')}: {error}"
    said = said_by(error)
    return None if said is None else f"{_setting(service, 'database_url')}: {said}"


def wrong_settings(error: ValidationError, service: str) -> str:
    """The settings that are not as they have to be, without what they hold."""
    return "; ".join(f"{_setting(service, str(each['loc'][0]))}: {each['msg']}" for each in error.errors())


def _setting(service: str, name: str) -> str:
    return f"{PREFIX}{service.upper()}_{name.upper()}"
