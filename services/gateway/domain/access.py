"""Who may reach a platform without login: this machine only. How else people get in: REHEARSAL_AUTH.

Two ways in are closed besides the network: a web page of another site whose name was made to point at 127.0.0.1 (it
comes with its own host name), and a form or script of another site that posts here (it comes with its own origin).
"""

import ipaddress
import re
from collections.abc import Collection

UNSAFE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
HOST = re.compile(r"(\[(?P<address>[0-9a-fA-F:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(:[0-9]{1,5})?")
NAME_WITHOUT_DOT = re.compile(r"[a-z][a-z0-9_-]*")
ELSEWHERE = "none"  # REHEARSAL_AUTH=none: what stands in front of the gateway decides who gets in
KEYS = "keys"
OIDC = "oidc"
MODES = {
    KEYS: "people and programs send keys of this platform",
    OIDC: "they send tokens of an identity provider, or keys",
    ELSEWHERE: "something in front of the gateway decides who gets in; everybody is admin",
}


def is_loopback(host: str) -> bool:
    """True for an address only this machine can reach."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refusal_to_listen(host: str, auth: str) -> str | None:
    """Why the gateway may not listen on `host` with this setting of REHEARSAL_AUTH, None when it may."""
    modes = "; ".join(f"{mode} ({meaning})" for mode, meaning in MODES.items())
    if auth and auth not in MODES:
        return f"REHEARSAL_AUTH={auth} cannot be obeyed. Allowed: {modes}; or nothing, on loopback."
    if auth or is_loopback(host):
        return None
    return (
        f"The gateway will not listen on {host}: everybody who reaches it could use it, because REHEARSAL_AUTH is not "
        f"set. Listen on 127.0.0.1, or set REHEARSAL_AUTH: {modes}."
    )


def is_known_host(header: str, allowed: Collection[str]) -> bool:
    """Whether a `Host` header names this machine: a loopback address, a name without a dot, or an allowed name."""
    parts = HOST.fullmatch(header)
    if parts is None:
        return False
    name = (parts["name"] or parts["address"]).lower()
    return is_loopback(name) or name in allowed or NAME_WITHOUT_DOT.fullmatch(name) is not None


def is_foreign(method: str, host: str, origin: str | None) -> bool:
    """Whether a request that changes something was sent by a page of another site."""
    return method in UNSAFE_METHODS and origin is not None and origin.partition("://")[2] != host
