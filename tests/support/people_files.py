"""People and fragments in TinyTroupe's shapes, written for our tests."""

from typing import Any

MIRA: dict[str, Any] = {
    "type": "TinyPerson",
    "persona": {
        "name": "Mira Kovačová",
        "age": 41,
        "gender": "Female",
        "nationality": "Slovak",
        "residence": "Košice, Slovakia",
        "education": "Master's degree in chemistry, Technical University of Košice.",
        "long_term_goals": ["To open a small laboratory of her own.", "To keep the weekends free for the mountains."],
        "occupation": {
            "title": "Quality manager",
            "organization": "A dairy with 300 employees",
            "description": "You test every batch and stop the line when something is off.",
        },
        "style": "Precise, dry, sometimes funny without meaning to be.",
        "personality": {
            "traits": ["You check twice before you trust a claim.", "You dislike being rushed."],
            "big_five": {
                "openness": "High. Curious about how things work.",
                "conscientiousness": "Very high. Nothing leaves the laboratory unchecked.",
                "extraversion": "Low. Parties tire you.",
                "agreeableness": "Medium.",
                "neuroticism": "Low.",
            },
        },
        "preferences": {
            "interests": ["chemistry", "hiking", "bread baking"],
            "likes": ["clear numbers", "early trains"],
            "dislikes": ["marketing language", "plastic packaging"],
        },
        "skills": ["titration", "reading small print"],
        "beliefs": ["A claim without a measurement is an opinion."],
        "behaviors": {"general": ["Writes things down."], "routines": {"morning": ["Tea before anybody is awake."]}},
        "health": "Good; a knee that complains downhill.",
        "relationships": [{"name": "Tomáš", "description": "your husband, a teacher"}],
        "other_facts": ["You grew up above a bakery."],
        "blood_pressure": [118.0, 76, {"measured": "2024-02-29", "by": None}],
    },
    "mental_faculties": [{"json_serializable_class_name": "RecallFaculty"}],
    "x-notes": {"reviewed": True, "weight": 1.0, "ratio": 1},
}
JON: dict[str, Any] = {
    "type": "TinyPerson",
    "persona": {
        "name": "Jon Ames",
        "age": "29",
        "gender": "male",
        "nationality": "British",
        "residence": "Leeds",
        "occupation": "Courier",
        "personality": {"big_five": {"openness": 2, "extraversion": 5, "agreeableness": 4}},
        "preferences": {"interests": ["football", "video games"], "likes": ["offers and bargains"]},
    },
}
THRIFTY: dict[str, Any] = {
    "type": "Fragment",
    "persona": {
        "preferences": {"likes": ["second-hand shops", "clear numbers"]},
        "behaviors": {"general": ["Compares three offers before buying anything."]},
        "savings_rule": "A tenth of everything.",
    },
    "x-author": "test",
}
