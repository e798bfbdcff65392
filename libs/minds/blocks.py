"""Untrusted data in a prompt: one JSON line between two delimiters that carry the hash of that line.

A text cannot contain its own hash and JSON on one line cannot contain a line break, so nothing inside a block can close
it or open another. Deterministic on purpose (no random nonce): replays and prefix caches need equal bytes.
"""

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from typing import Literal, get_args

import orjson

from libs.contracts.base import JsonObject
from libs.contracts.turns import ChatMessage

BlockKind = Literal[
    "stimulus",
    "questions",
    "persona",
    "options",
    "present",
    "memory",
    "heard",
    "actions",
    "draft",
    "criticism",
    "task",
    "record",
    "labels",
    "content",
    "reply",
    "story",
]
_OPENING = re.compile(rf"\[\[data ({'|'.join(get_args(BlockKind))}) ([0-9a-f]{{16}})\]\]")
# Line breaks other than \n, which JSON may hold as they are and a language model may take for the end of a line.
_LINE_BREAKS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def canonical(value: object) -> str:
    """One line of JSON with sorted keys: equal values give equal bytes."""
    try:
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # what orjson refuses and a persona file may hold: integers beyond 64 bits, lone surrogates
        text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return text if text.isascii() else text.translate(_LINE_BREAKS)


def write_block(kind: BlockKind, value: object) -> str:
    """A delimited block of three lines that holds `value` as JSON."""
    line = canonical(value)
    mark = _mark(line)
    return f"[[data {kind} {mark}]]\n{line}\n[[end {mark}]]"


def read_blocks(messages: Iterable[ChatMessage]) -> JsonObject:
    """The value of each block by kind, from user messages only; an absent block has no entry.

    A block whose line is not JSON or does not fit its hash is no block. The first of a kind counts.
    """
    found: JsonObject = {}
    for message in messages:
        if message.role != "user":
            continue
        lines = message.content.split("\n")
        for place in range(len(lines) - 2):
            opening = _OPENING.fullmatch(lines[place])
            if opening is None or opening[1] in found:
                continue
            line, mark = lines[place + 1], opening[2]
            if lines[place + 2] == f"[[end {mark}]]" and _mark(line) == mark:
                with suppress(ValueError, RecursionError):
                    found[opening[1]] = json.loads(line)
    return found


def _mark(line: str) -> str:
    return sha256(line.encode("utf-8", "surrogatepass")).hexdigest()[:16]
