"""Accounts of the NATS server: one for the services, and one for each publisher outside, with its subjects alone.

The configuration is made from the registry and holds no secret: passwords are names of environment variables of the
server. In the services' account each service is a user with its own rights (libs.bus.permissions), and `platform` is
whoever operates it, who may do everything there. An account is a world of its own: what a publisher outside sends on
any other subject reaches nobody, and is refused besides, so that it is told.

deploy/nats/accounts.conf is made of it, without systems outside (tools.generated).
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from libs.bus.permissions import ERASER, Rights, eraser_rights, rights_of, services
from libs.contracts import subjects
from libs.contracts.identity import TENANT
from libs.contracts.registry import FROM_OUTSIDE, TO_OUTSIDE

PLATFORM = "platform"
USERS = (PLATFORM, ERASER, *services())
"""The users of the services' account."""
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
INBOXES = "_INBOX.>"
LIMITS = "limits { max_payload: 1MB, max_conn: 20, max_subs: 200 }"


class Outsider(NamedTuple):
    """A system outside that may publish for one tenant."""

    name: str
    tenant: str

    def publishes(self) -> list[str]:
        """The subjects it may publish on."""
        return [subjects.template(kind.contract, self.tenant) for kind in FROM_OUTSIDE]

    def hears(self) -> list[str]:
        """The subjects it may listen to."""
        return [subjects.template(kind.contract, self.tenant) for kind in TO_OUTSIDE]


def password_variable(user: str) -> str:
    """The environment variable of the server that holds the password of a user."""
    return f"REHEARSAL_NATS_PASSWORD_{user.upper()}"


def outsider(text: str) -> Outsider:
    """Read `NAME` or `NAME=TENANT`. Raises `ValueError` that says what is allowed."""
    name, _, tenant = text.partition("=")
    if not NAME.fullmatch(name) or name in USERS:
        taken = ", ".join(USERS)
        raise ValueError(f"{name!r} is no name: 1 to 40 of a-z, 0-9 and _, a letter first, and none of {taken}")
    tenant = tenant or "default"
    if not re.fullmatch(TENANT, tenant):
        raise ValueError(f"{tenant!r} is no tenant: it must match {TENANT}")
    return Outsider(name, tenant)


def accounts_config(outsiders: Sequence[Outsider] = ()) -> str:
    """The accounts as a part of nats.conf. Raises `ValueError` for a name that comes twice."""
    names = [each.name for each in outsiders]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{twice[0]!r} is named twice")
    accounts = [_platform(outsiders), *map(_outside, outsiders)]
    return "accounts {\n" + "\n".join(accounts) + "\n}\n"


def _platform(outsiders: Sequence[Outsider]) -> str:
    """The services' own account, with the streams. It names who may use which subject of it."""
    users: dict[str, list[str]] = {}
    for each in outsiders:
        for way, exported in (("service", each.publishes()), ("stream", each.hears())):
            for subject in exported:
                users.setdefault(f"{way}: {subject}", []).append(_account(each))
    exports = [f"{{ {export}, accounts: [{', '.join(accounts)}] }}" for export, accounts in users.items()]
    own = [_user(ERASER, eraser_rights()), *(_user(service, rights_of(service)) for service in services())]
    return f"""  {PLATFORM.upper()} {{
    jetstream: enabled
    users: [{_lines([f"{{ user: {PLATFORM}, password: ${password_variable(PLATFORM)} }}", *own])}]
    exports: [{_lines(exports)}]
  }}"""


def _outside(each: Outsider) -> str:
    source = f"account: {PLATFORM.upper()}, subject:"
    imports = [f"{{ service: {{ {source} {subject} }} }}" for subject in each.publishes()]
    imports += [f"{{ stream: {{ {source} {subject} }} }}" for subject in each.hears()]
    rights = Rights(tuple(each.publishes()), (*each.hears(), INBOXES))
    return f"""  {_account(each)} {{
    {LIMITS}
    users: [{_lines([_user(each.name, rights)])}]
    imports: [{_lines(imports)}]
  }}"""


def _user(name: str, rights: Rights) -> str:
    never = f", deny: [{_subjects(rights.never)}]" if rights.never else ""
    return f"""{{
        user: {name}, password: ${password_variable(name)}
        permissions {{
          publish: {{ allow: [{_subjects(rights.publishes)}]{never} }}
          subscribe: {{ allow: [{_subjects(rights.hears)}] }}
        }}
      }}"""


def _account(each: Outsider) -> str:
    return f"OUTSIDE_{each.name.upper()}"


def _subjects(subjects: Sequence[str]) -> str:
    """In quotes, or `$JS` would be a variable."""
    return _lines([f'"{subject}"' for subject in subjects], 12)


def _lines(parts: Sequence[str], indent: int = 6) -> str:
    return "".join(f"\n{' ' * indent}{part}" for part in parts) + (f"\n{' ' * (indent - 2)}" if parts else "")
