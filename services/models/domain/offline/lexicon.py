"""Words the offline model knows: stems and phrases by the feature they speak for.

A word counts for a stem of five letters or more when it starts with it, and for a shorter one when it is that word or
one of its common forms ("care" is in "cares", not in "career"). The lists are English; a text in another language is
judged by what is common to most scripts (length, digits, signs), so it works, only with fewer features.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

STEMS: Mapping[str, str] = MappingProxyType(
    {
        "evidence": "clinical study studies research proven prove data evidence scien test trial statist expert doctor "
        "certif independent measur result improvement show peer percent average analysis fact",
        "emotion": "transform love loving dream feel amazing incredible imagine heart happy happi joy fear proud "
        "inspir hope beautiful magic excit wonderful passion life believe enjoy delight worry regret deserve unforgett",
        "urgency": "now today tonight hurry limited last ends ending expire deadline soon immediate urgent quick final "
        "tomorrow countdown",
        "social_proof": "customers people everyone thousands millions join popular rated rating review recommend "
        "trusted community neighbo friends bestsell others members loved testimonial stars",
        "saving": "discount free save saving savings sale deal offer coupon voucher cheap cheaper bargain rebate off "
        "bonus gift refund affordable",
        "price": "price cost costs pay payment fee fees subscription premium expensive monthly usd dollar dollars euro "
        "euros",
        "call_to_action": "click try buy order get start join register book download call visit discover learn apply "
        "subscribe reply shop claim",
        "novelty": "new introducing launch launching innovative first latest feature upgrade improved release beta "
        "revolution novel",
        "restriction": "must mandatory require required ban banned tax taxes fines fined penalt rule regulation "
        "restrict prohibit forbid limit obligat compulsory comply law",
        "privacy_risk": "track surveil location camera consent cookies biometric monitor privacy",
        "health": "health healthy healthier wellness fitness diet nutrition medical clinic clinical patient doctor "
        "sleep weight exercise vitamin therapy mental disease vaccin hospital symptom healthcare pharma",
        "technology": "tech technology app apps software digital online device smart gadget computer ai algorithm "
        "phone data cloud robot internet program coding developer engineer gaming",
        "environment": "environment climate green sustainab carbon recycl eco ecolog planet renewable solar nature "
        "organic pollution emission wildlife conservation electric vegan",
        "family": "family families child children kid kids parent parents mother father mom dad baby daughter son "
        "school grandchild home toddler household",
        "money": "money invest saving savings budget bank finance financial loan mortgage income pension interest "
        "credit wealth stock debt insurance",
        "food": "food cook cooking recipe restaurant meal eat taste delicious soup coffee wine bake baking snack drink "
        "vegetable kitchen gourmet flavour flavor",
        "sport": "sport sports run running football soccer tennis gym yoga bike biking cycling hiking swim training "
        "basketball athlet marathon golf workout",
        "travel": "travel trip holiday vacation flight hotel beach adventure explore tour city abroad destination "
        "cruise airline",
        "learning": "learn learning course education study university book books reading teach training skill degree "
        "history science lecture workshop",
        "career": "career job work business professional productivity team manager office colleague client promotion "
        "company startup entrepreneur meeting",
        "community": "community volunteer neighbo local politic vote city charity church public council citizen civic "
        "policy government social justice",
        "entertainment": "music movie movies film films series game games gaming concert show theatre art painting "
        "festival streaming celebrity fashion photograph dance",
    }
)

PHRASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "urgency": ("miss out", "don't miss", "last chance", "limited time", "act fast", "right away", "before it"),
        "saving": ("% off", "money back", "no cost", "half price", "two for one", "buy one"),
        "call_to_action": ("sign up", "find out", "learn more", "click here", "get started", "opt in"),
        "evidence": ("studies show", "double-blind", "according to", "on average"),
        "social_proof": ("others like you", "join over", "word of mouth", "most people"),
    }
)

DISPOSITION_STEMS: Mapping[str, str] = MappingProxyType(
    {
        "price_sensitivity": "frugal budget thrift bargain discount coupon saver cheap economical",
        "time_pressure": "busy hectic overwork rushed hurry deadline stressed overloaded commut multitask",
        "morning_person": "riser sunrise",
        "information_seeking": "analytic rational logical data scien method precise careful systematic research "
        "thorough evidence compare engineer account statist",
        "trust": "trusting believing",
        "privacy_concern": "privacy private anonym",
        "novelty_seeking": "curious adventur novel innovat experiment spontan creative trendy explor",
        "tradition": "traditional conservativ custom heritage",
        "impulsiveness": "impulsiv spontan impatient",
        "socially_influenced": "sociable popular friends outgoing trend social follower conform",
    }
)
OPPOSITE_STEMS: Mapping[str, str] = MappingProxyType(
    {"trust": "sceptic skeptic cynic distrust suspicious doubt wary critical picky mistrust"}
)
"""Words of a profile that speak against a disposition."""

FAVOURABLE = "yes agree support likely definitely probably approve accept keep like love good better try"
UNFAVOURABLE = "no never disagree oppose unlikely reject disapprove dislike bad worse against leave"
"""Words of an option that say yes, and no."""

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SHORTEST_PREFIX = 5
_ENDINGS = ("s", "d", "ed", "ing", "er", "'s", "’s")


def words(text: str) -> list[str]:
    """The words of a text, in lower case; digits and underscores separate words."""
    return _WORD.findall(text.lower())


def _index(table: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Feature names by stem."""
    found: dict[str, list[str]] = {}
    for feature, stems in table.items():
        for stem in stems.split():
            found.setdefault(stem, []).append(feature)
    return {stem: tuple(features) for stem, features in found.items()}


OPTION_POLARITY: Mapping[str, int] = MappingProxyType(
    dict.fromkeys(FAVOURABLE.split(), 1) | dict.fromkeys(UNFAVOURABLE.split(), -1)
)
_FEATURES = _index(STEMS)
_FOR = _index(DISPOSITION_STEMS)
_AGAINST = _index(OPPOSITE_STEMS)


def _matches(word: str, index: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Features of every stem the word is a form of, each once."""
    candidates = [word, *(word[:length] for length in range(_SHORTEST_PREFIX, len(word)))]
    candidates += [word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending)]
    return tuple(dict.fromkeys(feature for stem in candidates for feature in index.get(stem, ())))


@lru_cache(maxsize=20_000)
def features_of_word(word: str) -> tuple[str, ...]:
    """Stimulus features and topics a lower-case word speaks for."""
    return _matches(word, _FEATURES)


def dispositions_of_word(word: str) -> tuple[tuple[str, float], ...]:
    """Dispositions a lower-case word of a profile speaks for (1) or against (−1); its topics are not among them."""
    spoken_for = [(disposition, 1.0) for disposition in _matches(word, _FOR)]
    return (*spoken_for, *((disposition, -1.0) for disposition in _matches(word, _AGAINST)))


def count_features(found_words: Iterable[str], text: str = "") -> dict[str, int]:
    """Hits by feature: words by stem, and the phrases that occur in `text` (lower case)."""
    hits: dict[str, int] = {}
    for word in found_words:
        for feature in features_of_word(word):
            hits[feature] = hits.get(feature, 0) + 1
    for feature, phrases in PHRASES.items():
        count = sum(text.count(phrase) for phrase in phrases)
        if count:
            hits[feature] = hits.get(feature, 0) + count
    return hits
