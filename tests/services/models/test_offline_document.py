"""docs/offline-model.md says what the code does."""

import hashlib
import json
import re

from services.models.domain.offline import VERSION
from services.models.domain.offline.turn import reply
from tests.services.models.offline_document import DOCUMENT, rendered, tables
from tests.services.models.people import EMOTIONAL, FUNNEL, RATIONAL, instrument, person

REPLIES_OF_VERSION = {1: "a5e47efd109835a2c206b14054ab876ec4282d608bcdb7c77ac01a014d7e51c8"}
"""SHA-256 of the replies to fixed calls, by version of the model."""


def test_the_tables_of_the_document_are_those_of_the_code():
    text = DOCUMENT.read_text()
    assert set(re.findall(r"<!-- table: (\w+) -->", text)) == set(tables())
    assert text == rendered(text), "run: python -m tests.services.models.offline_document"


def test_the_document_names_the_version():
    assert f"Version {VERSION}." in DOCUMENT.read_text()


def test_a_changed_reply_is_a_new_version():
    """Replies are kept in ledgers under the version: changing one without raising VERSION would mix two models."""
    metrics = (
        *FUNNEL,
        instrument("rating", "numeric"),
        instrument("brand", "choice", options=("a phone", "a book")),
        instrument("order", "ranking", options=("a phone", "a book", "a trip")),
        instrument("concerns", "text"),
    )
    digest = hashlib.sha256()
    for index in range(40):
        for stimulus in (EMOTIONAL, RATIONAL, "Save $20 today!", None):
            digest.update(json.dumps(reply(person(index), stimulus, metrics, None, f"call {index}")).encode())
    assert digest.hexdigest() == REPLIES_OF_VERSION[VERSION], "raise VERSION and add its hash"
