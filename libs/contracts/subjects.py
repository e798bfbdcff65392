"""Subject grammar: `rehearsal.<evt|cmd|dlq>.<tenant>.<service>.<message>.v<major>.<key>`.

A message that is spread over streams has its partition beside its kind, `rehearsal.evt-07.…`: the CRC-32 of its
`ce-partitionkey`, modulo 64, for good. Metric and span names are made from the template (tenant and key as `*`), never
from a concrete subject.
"""

import re
from zlib import crc32

from libs.contracts.base import Contract

TOKEN = re.compile(r"[A-Za-z0-9_-]{1,120}")
EVENTS = "rehearsal.evt.>"
COMMANDS = "rehearsal.cmd.>"
DEAD_LETTERS = "rehearsal.dlq.>"
PARTITIONS = 64


def concrete(contract: Contract, tenant: str, key: str) -> str:
    """The subject one message is published on. Raises `ValueError` for a tenant or key that is no subject token."""
    for token in (tenant, key):
        if not TOKEN.fullmatch(token):
            raise ValueError(f"{token!r} cannot stand in a subject: letters, digits, '_' and '-' only")
    return f"rehearsal.{contract.kind}.{tenant}.{contract.service}.{contract.name}.v{contract.version}.{key}"


def template(contract: Contract, tenant: str = "*") -> str:
    """The subject with wildcards: what a consumer filters by and what telemetry is named after."""
    return f"rehearsal.{contract.kind}.{tenant}.{contract.service}.{contract.name}.v{contract.version}.*"


def partition_of(key: str) -> int:
    """The partition of what is spread by this key."""
    return crc32(key.encode()) % PARTITIONS


def in_partition(subject: str, number: int) -> str:
    """The same subject in a partition."""
    kind = subject.split(".", 2)[1]
    return subject.replace(f"rehearsal.{kind}.", f"rehearsal.{kind}-{number:02d}.", 1)


def in_any_partition(template: str) -> str:
    """A template that fits in every partition, and in none."""
    return template.replace(f"rehearsal.{template.split('.', 2)[1]}.", "rehearsal.*.", 1)


def dead_letter(subject: str) -> str:
    """Where a message that could not be handled goes."""
    kind = subject.split(".", 2)[1]
    return subject.replace(f"rehearsal.{kind}.", "rehearsal.dlq.", 1)


def about(key: str, tenant: str = "*") -> str:
    """Every event about one simulation, or about one population."""
    return f"rehearsal.evt.{tenant}.*.*.*.{key}"
