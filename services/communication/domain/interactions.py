"""Who talks to whom, shares of the talk, and topics over rounds: counted from what was said, item by item."""

import math
import re
from collections import Counter, defaultdict
from typing import NamedTuple

from services.communication.domain.history import HistoryEntry

MOST_EXCHANGES = 1_000
MOST_TOPICS = 8
_WORD = re.compile(r"[^\W\d_][\w'’-]{2,}")
# Words that say nothing about a topic; deliberately short, since a word everybody says in every round weighs little.
_IDLE = frozenset(
    re.findall(
        r"\S+",
        "the and that this with for from have has had not but you your they them their what which who when where why "
        "how about into than then there here just like more most much many some any all can could should would will "
        "was were are been being its it's i'm i'd i'll i've don't that's out over also very really too our his her "
        "him she one own get got make makes made say says said think know want need see way thing things lot even "
        "still only because",
    )
)


class Speaker(NamedTuple):
    """One agent's part of the talk."""

    agent_id: str
    name: str
    cluster_id: str
    said: int
    words: int
    heard: int
    share: float


class Exchange(NamedTuple):
    """How often one agent was heard by another."""

    from_agent_id: str
    to_agent_id: str
    times: int


class Topic(NamedTuple):
    """A word that marks a round."""

    term: str
    agents: int
    weight: float


class Round(NamedTuple):
    """What a round was about."""

    round: int
    said: int
    words: int
    topics: tuple[Topic, ...]


class Summary(NamedTuple):
    """Everything counted."""

    speakers: tuple[Speaker, ...]
    exchanges: tuple[Exchange, ...]
    rounds: tuple[Round, ...]
    balance: float | None


class Interactions:
    """Counts talk. What is kept grows with agents, pairs and words, not with what was said."""

    def __init__(self) -> None:
        self._people: dict[str, tuple[str, str]] = {}
        self._said: Counter[str] = Counter()
        self._words: Counter[str] = Counter()
        self._heard: Counter[str] = Counter()
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._rounds: Counter[int] = Counter()
        self._round_words: Counter[int] = Counter()
        self._terms: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))

    def add(self, entry: HistoryEntry) -> None:
        """Count one thing that was said."""
        text = entry.content if isinstance(entry.content, str) else ""
        count = len(text.split())
        self._people[entry.agent_id] = (entry.name, entry.cluster_id)
        self._said[entry.agent_id] += 1
        self._words[entry.agent_id] += count
        self._rounds[entry.round] += 1
        self._round_words[entry.round] += count
        for hearer in entry.heard_by or ():
            self._heard[hearer] += 1
            self._pairs[entry.agent_id, hearer] += 1
        for term in set(_WORD.findall(text.casefold())) - _IDLE:
            self._terms[entry.round][term].add(entry.agent_id)

    def summary(self) -> Summary:
        """What was counted so far; the same talk gives the same summary."""
        total = sum(self._words.values())
        speakers = [
            Speaker(
                agent_id=agent_id,
                name=name,
                cluster_id=cluster_id,
                said=self._said[agent_id],
                words=self._words[agent_id],
                heard=self._heard[agent_id],
                share=self._words[agent_id] / total if total else 0.0,
            )
            for agent_id, (name, cluster_id) in self._people.items()
        ]
        pairs = sorted(self._pairs.items(), key=lambda item: (-item[1], item[0]))
        return Summary(
            speakers=tuple(sorted(speakers, key=lambda one: (-one.words, one.agent_id))),
            exchanges=tuple(Exchange(*pair, times) for pair, times in pairs[:MOST_EXCHANGES]),
            rounds=tuple(self._round(number) for number in sorted(self._rounds)),
            balance=_balance([one.words for one in speakers]),
        )

    def _round(self, number: int) -> Round:
        terms = self._terms[number]
        speakers = len({agent_id for agents in terms.values() for agent_id in agents})
        spread = {term: sum(term in other for other in self._terms.values()) for term in terms}
        topics = [
            Topic(term, len(agents), round(len(agents) / speakers * math.log(1 + len(self._terms) / spread[term]), 6))
            for term, agents in terms.items()
        ]
        best = sorted(topics, key=lambda topic: (-topic.weight, topic.term))[:MOST_TOPICS]
        return Round(number, self._rounds[number], self._round_words[number], tuple(best))


def _balance(words: list[int]) -> float | None:
    """1 − G, with Gini's G = Σ (2i − n − 1) x_i / (n Σ x) over the sorted x; None when nothing was said."""
    total, count = sum(words), len(words)
    if not total:
        return None
    weighted = sum((2 * place - count - 1) * value for place, value in enumerate(sorted(words), start=1))
    return 1 - weighted / (count * total)
