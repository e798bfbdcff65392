"""Queries of the communication service: what others announced, who talks with whom, turns and memory, the history,
stories, artefacts."""

from services.communication.store.artefacts import ArtefactFilter, Artefacts, StoredArtefact
from services.communication.store.dialogue import Dialogue, Relation, Request
from services.communication.store.history import History, HistoryFilter
from services.communication.store.memories import Difference, Memories, Memory
from services.communication.store.projections import Population, Projections, Simulation
from services.communication.store.stories import Stories
from services.communication.store.talk import Talk
from services.communication.store.turns import NOTHING_REMEMBERED, Remembered, Turns

__all__ = [
    "NOTHING_REMEMBERED",
    "ArtefactFilter",
    "Artefacts",
    "Dialogue",
    "Difference",
    "History",
    "HistoryFilter",
    "Memories",
    "Memory",
    "Population",
    "Projections",
    "Relation",
    "Remembered",
    "Request",
    "Simulation",
    "Store",
    "StoredArtefact",
    "Stories",
    "Talk",
    "Turns",
]


class Store:
    """All queries, by what they are about."""

    def __init__(self) -> None:
        self.projections = Projections()
        self.dialogue = Dialogue()
        self.turns = Turns()
        self.history = History()
        self.talk = Talk()
        self.memories = Memories()
        self.stories = Stories()
        self.artefacts = Artefacts()
