"""The places a TinyTroupe persona has, for comparing with what is drawn."""

from collections.abc import Iterator

SHAPE = {
    "name", "age", "gender", "nationality", "residence", "education", "long_term_goals", "occupation.title",
    "occupation.organization", "occupation.description", "style", "personality.traits", "personality.big_five.openness",
    "personality.big_five.conscientiousness", "personality.big_five.extraversion",
    "personality.big_five.agreeableness", "personality.big_five.neuroticism", "preferences.interests",
    "preferences.likes", "preferences.dislikes", "skills", "beliefs", "behaviors.general",
    "behaviors.routines.morning", "health", "relationships", "other_facts",
}  # fmt: skip


def shape(persona: dict[str, object]) -> set[str]:
    """Dotted places of everything that is not an object and not empty."""
    return set(_places(persona, ""))


def _places(value: dict[str, object], path: str) -> Iterator[str]:
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from _places(inner, f"{path}{key}.")
        elif inner not in (None, "", []):
            yield f"{path}{key}"
