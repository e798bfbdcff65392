"""What stands on every answer, and whom the gateway does not talk to."""

from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.http import problem_response
from services.gateway.domain.access import is_foreign, is_known_host, is_loopback

PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
# A report is one file with its styles inside. It holds what models and people wrote, so it may run nothing.
DOCUMENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; sandbox allow-popups"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Protection:
    """Sets the security headers; refuses requests under a strange host name and those sent by pages of other sites."""

    def __init__(self, app: ASGIApp, host: str, allowed_hosts: Collection[str]) -> None:
        self.app = app
        self._checks_host = is_loopback(host)
        self._allowed = allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                _protect(MutableHeaders(scope=message), scope["path"])
            await send(message)

        refusal = self._refusal(Headers(scope=scope), scope["method"])
        await (refusal or self.app)(scope, receive, protected)

    def _refusal(self, headers: Headers, method: str) -> ASGIApp | None:
        host = headers.get("host", "")
        if self._checks_host and not is_known_host(host, self._allowed):
            detail = f"This platform is not reached as {host!r}; REHEARSAL_GATEWAY_ALLOWED_HOSTS names more hosts."
            return problem_response(421, "Wrong host", detail)
        if is_foreign(method, host, headers.get("origin")):
            return problem_response(403, "Sent by another site", "Only pages of this platform may change something.")
        return None


def _protect(headers: MutableHeaders, path: str) -> None:
    is_page = path.startswith("/ui/")
    is_document = headers.get("content-type", "").startswith("text/html") and not is_page
    if not is_page or "content-security-policy" not in headers:  # the start of the pages has a policy of its own
        headers["content-security-policy"] = DOCUMENT_POLICY if is_document else PAGE_POLICY
    for name, value in HEADERS.items():
        headers[name] = value
