"""Everything secret that an installation needs, made anew, as lines of an environment file: `python -m tools.secrets`.

`make compose` keeps it in .env; docs/operations.md says how it becomes Secrets of Kubernetes.
"""

import json
import secrets
import sys

from libs.bus.accounts import USERS, password_variable
from libs.contracts.envelope import DEFAULT_TENANT
from libs.http import new_key_pair
from services.cli.access import new_secret
from services.embedded.platform import SERVICES

BYTES = 24


def lines() -> list[str]:
    """NAME=value, one for each secret."""
    signing, public = new_key_pair()
    pairs = {name: new_key_pair() for name in SERVICES}
    made = {password_variable(user): _password() for user in USERS}
    made |= {f"POSTGRES_PASSWORD_{name.upper()}": _password() for name in (*SERVICES, "gateway")}
    made |= {"POSTGRES_PASSWORD": _password(), "GRAFANA_PASSWORD": _password()}
    made |= {f"REHEARSAL_{name.upper()}_SERVICE_KEY": own for name, (own, _) in pairs.items()}
    made["REHEARSAL_SERVICE_KEYS"] = json.dumps({name: theirs for name, (_, theirs) in pairs.items()})
    made["REHEARSAL_WEBHOOKS_SECRETS_KEY"] = _password()
    made["REHEARSAL_GATEWAY_SIGNING_KEY"] = signing
    made["REHEARSAL_IDENTITY_KEYS"] = public
    made["REHEARSAL_GATEWAY_BOOTSTRAP_KEYS"] = json.dumps({DEFAULT_TENANT: new_secret()})
    return [f"{name}='{value}'" for name, value in made.items()]


def _password() -> str:
    """One that nats-server reads as text and that needs no escape in a URL."""
    return "pw" + secrets.token_hex(BYTES)


if __name__ == "__main__":
    sys.stdout.write("\n".join(lines()) + "\n")
