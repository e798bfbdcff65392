"""The one table of coefficients of the offline model. Changing a number here changes what is true in a simulation.

docs/offline-model.md shows this table and a test holds the two together.
"""

from typing import NamedTuple

from services.models.domain.offline.persona import INTERESTS
from services.models.domain.offline.stimulus import TOPICS


class Effect(NamedTuple):
    """One term of the three utilities: coefficient × stimulus factor × persona disposition (a missing factor is 1)."""

    stimulus: str | None
    persona: str | None
    attention: float
    interest: float
    value: float
    meaning: str
    because: str = ""
    """The term in the first person, for a disposition above 0 or a term without one."""
    because_low: str = ""
    """The same for a disposition below 0."""


def _topic(topic: str, disposition: str) -> Effect:
    return Effect(
        topic,
        disposition,
        0.45,
        0.55,
        0.65,
        f"A message about {topic} reaches people to whom {topic} matters.",
        f"{topic} matters to me",
        f"{topic} is not something I care much about",
    )


INTERCEPTS = Effect(None, None, -1.15, -0.95, -0.30, "Where an average person stands before an empty stimulus.")

_MAIN = (
    Effect("evidence", None, 0.10, 0.20, 0.40, "Evidence and figures convince.", "it gives me evidence"),
    Effect("emotion", None, 0.25, 0.10, 0.10, "Emotional words are noticed.", "it speaks to my feelings"),
    Effect("urgency", None, 0.20, 0.10, -0.10, "Urgency is noticed, and wears trust.", "it presses me to act now"),
    Effect("social_proof", None, 0.15, 0.15, 0.25, "What others do counts.", "other people seem to trust it"),
    Effect("saving", None, 0.20, 0.25, 0.30, "A saving attracts.", "there is something to save"),
    Effect("price", None, 0.0, -0.10, -0.20, "A price is a cost.", "it costs money"),
    Effect("call_to_action", None, 0.0, 0.30, 0.05, "A clear next step is taken more often.", "the next step is clear"),
    Effect("novelty", None, 0.15, 0.10, 0.05, "New things are noticed.", "it is something new"),
    Effect("restriction", None, 0.10, -0.15, -0.45, "People resent being told.", "it tells me what I have to do"),
    Effect("privacy_risk", None, 0.0, -0.15, -0.25, "Being watched costs trust.", "it touches my privacy"),
    Effect("concreteness", None, 0.10, 0.10, 0.10, "Numbers make a claim concrete.", "it is concrete"),
    Effect("clarity", None, 0.10, 0.20, 0.15, "Clear language is read.", "it is easy to understand"),
    Effect("length", None, -0.25, -0.40, -0.10, "Long texts lose readers.", "it is long"),
    Effect("shouting", None, -0.40, -0.30, -0.40, "Shouting repels.", "it shouts at me"),
    Effect("channel_intrusive", None, 0.25, -0.20, -0.20, "Intrusive channels are noticed and disliked.",
           "it interrupts me"),
    Effect("channel_personal", None, 0.35, 0.15, 0.10, "A person is hard to ignore.", "somebody speaks to me"),
    Effect("timing_morning", None, 0.10, 0.05, 0.0, "Mornings have attention to spare.", "the morning is a good time"),
    Effect("timing_working_hours", None, -0.10, -0.05, 0.0, "Working hours have none.",
           "it comes in the middle of the working day"),
    Effect("timing_night", None, -0.35, -0.10, -0.05, "Nights are for sleeping.", "it comes at night"),
)  # fmt: skip

_PERSON = (
    Effect(None, "openness", 0.20, 0.20, 0.20, "Open people look at more.", "I like to look at things",
           "I keep to what I know"),
    Effect(None, "conscientiousness", 0.20, 0.0, -0.10, "Conscientious people read their mail.",
           "I deal with what reaches me", "I let most things pass"),
    Effect(None, "extraversion", 0.0, 0.20, 0.10, "Outgoing people react.", "I react readily", "I rarely react"),
    Effect(None, "agreeableness", 0.15, 0.20, 0.45, "Agreeable people are well disposed.",
           "I tend to see the good side", "I am not easily pleased"),
    Effect(None, "neuroticism", 0.05, -0.10, -0.25, "Worry makes people hold back.", "I worry about such things",
           "I am at ease with such things"),
    Effect(None, "time_pressure", -0.50, -0.45, -0.10, "Busy people have less attention.", "I have little time",
           "I have the time for it"),
    Effect(None, "trust", 0.30, 0.40, 0.65, "Trust makes people listen.", "I am ready to trust it",
           "I doubt such claims"),
    Effect(None, "price_sensitivity", 0.10, 0.0, -0.40, "People short of money buy less.", "I have to watch my money",
           "money is not what holds me back"),
    Effect(None, "novelty_seeking", 0.15, 0.20, 0.20, "Novelty seekers try things.", "I like to try things",
           "I do not change my habits easily"),
    Effect(None, "impulsiveness", 0.05, 0.20, 0.25, "Impulsive people act.", "I decide quickly",
           "I like to sleep on it"),
    Effect(None, "brand_loyalty", 0.0, -0.10, -0.15, "Loyal people stay where they are.",
           "I stay with the brands I know", "I like to try another brand"),
)  # fmt: skip

_MATCH = (
    Effect("evidence", "information_seeking", 0.25, 0.40, 0.45, "Evidence works on people who compare and read.",
           "I want evidence before I decide", "figures leave me cold"),
    Effect("emotion", "information_seeking", -0.25, -0.35, -0.35, "Emotional appeals do not.",
           "an emotional appeal does not convince me", "it speaks to how I feel"),
    Effect("emotion", "impulsiveness", 0.10, 0.20, 0.20, "Emotional appeals work on impulsive people.",
           "it makes me want to act", "feelings alone do not make me act"),
    Effect("emotion", "neuroticism", 0.15, 0.10, 0.0, "Emotional appeals move anxious people.",
           "it touches something I worry about", "I do not let feelings drive me"),
    Effect("emotion", "trust", 0.10, 0.15, 0.25, "Without trust, emotional appeals are seen through.",
           "I believe that it is meant well", "big feelings make me suspicious"),
    Effect("urgency", "trust", 0.15, 0.20, 0.30, "Without trust, being hurried repels.",
           "a little push helps me", "I do not like to be hurried"),
    Effect("urgency", "impulsiveness", 0.20, 0.25, 0.25, "Urgency works on impulsive people.",
           "I want it now", "nothing is that urgent to me"),
    Effect("urgency", "neuroticism", 0.20, 0.15, 0.05, "Anxious people fear to miss out.",
           "I do not want to miss it", "I am not afraid to miss something"),
    Effect("evidence", "trust", -0.10, -0.15, -0.30, "Evidence answers distrust.",
           "I would have believed it without figures", "figures answer my doubts"),
    Effect("social_proof", "socially_influenced", 0.25, 0.30, 0.40, "Social proof works on those who follow others.",
           "I go by what others do", "what others do does not impress me"),
    Effect("social_proof", "agreeableness", 0.05, 0.10, 0.20, "Agreeable people believe other people.",
           "I trust what others say of it", "I do not rely on what others say"),
    Effect("saving", "price_sensitivity", 0.25, 0.40, 0.50, "Savings work on people who watch their money.",
           "saving money counts for me", "a saving is not what I look for"),
    Effect("saving", "impulsiveness", 0.10, 0.15, 0.15, "Impulsive people like a bargain.",
           "I cannot pass by a bargain", "a bargain does not rush me"),
    Effect("price", "price_sensitivity", -0.05, -0.20, -0.45, "A price deters people who watch their money.",
           "the price puts me off", "the price does not bother me"),
    Effect("novelty", "novelty_seeking", 0.25, 0.30, 0.30, "New things attract novelty seekers.",
           "I like to be among the first", "I would rather wait until others have tried it"),
    Effect("novelty", "openness", 0.10, 0.15, 0.15, "New things attract open people.", "new ideas interest me",
           "I prefer the familiar"),
    Effect("novelty", "tradition", -0.10, -0.15, -0.25, "New things put off those who keep to the old.",
           "I like things as they were", "I do not mind change"),
    Effect("novelty", "brand_loyalty", -0.05, -0.10, -0.15, "Loyal people do not look for new things.",
           "what I have is good enough", "I am open to another brand"),
    Effect("restriction", "agreeableness", 0.0, 0.15, 0.30, "Agreeable people accept rules.",
           "I accept a rule that helps everybody", "I do not like to be told what to do"),
    Effect("restriction", "openness", 0.0, -0.05, -0.15, "Open people dislike restriction.",
           "I want to decide for myself", "clear rules suit me"),
    Effect("privacy_risk", "privacy_concern", -0.05, -0.25, -0.45, "Some guard their privacy, some do not.",
           "I guard my privacy", "I do not mind sharing such things"),
    Effect("channel_intrusive", "privacy_concern", -0.05, -0.15, -0.20, "Intrusion costs most with those who guard it.",
           "I do not want to be reached like that", "I do not mind being reached like that"),
    Effect("length", "time_pressure", -0.20, -0.35, -0.10, "Busy people do not read long texts.",
           "I have no time for a long text", "I have time to read it all"),
    Effect("length", "information_seeking", 0.10, 0.25, 0.15, "Some people read before they decide.",
           "I like to read the details", "I do not read the details"),
    Effect("length", "conscientiousness", 0.05, 0.15, 0.05, "Conscientious people read to the end.",
           "I read things to the end", "I do not read to the end"),
    Effect("timing_morning", "time_pressure", 0.30, 0.20, 0.05, "Mornings suit busy people.",
           "the morning suits my schedule, later I have no time", "I am in no hurry in the morning"),
    Effect("timing_morning", "morning_person", 0.25, 0.15, 0.0, "Mornings suit morning people.",
           "the morning is my best time", "I am hardly awake in the morning"),
    Effect("timing_working_hours", "time_pressure", -0.20, -0.15, 0.0, "Busy people ignore messages while working.",
           "in the middle of the day I am too busy", "I am free in the middle of the day"),
    Effect("timing_evening", "morning_person", -0.20, -0.15, 0.0, "Evenings suit evening people.",
           "in the evening I am tired", "the evening is my best time"),
    Effect("timing_evening", "family_orientation", -0.15, -0.10, 0.0, "Evenings belong to the family.",
           "the evening belongs to my family", "I have the evening to myself"),
    Effect("timing_night", "morning_person", -0.30, -0.15, 0.0, "Nights suit night owls.",
           "at night I sleep", "I am awake at night anyway"),
    Effect("channel_digital", "tech_affinity", 0.25, 0.25, 0.15, "Digital channels reach digital people.",
           "that channel is where I am anyway", "I am not at home on that channel"),
    Effect("channel_shared", "extraversion", 0.20, 0.20, 0.10, "Shared channels suit outgoing people.",
           "I like to see what others share", "I do not pay attention to what is shared around"),
    Effect("channel_personal", "extraversion", 0.20, 0.15, 0.10, "Personal contact suits outgoing people.",
           "I like to talk to people", "I would rather not be addressed in person"),
)  # fmt: skip

EFFECTS: tuple[Effect, ...] = (*_MAIN, *_PERSON, *_MATCH, *(_topic(topic, INTERESTS[topic]) for topic in TOPICS))
