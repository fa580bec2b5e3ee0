"""All words of the console by key. Templates and scripts name a key; a missing key is a test failure."""

from collections.abc import Mapping
from functools import cache

from cloud.console.words import (
    alarms,
    cards,
    devices,
    faults,
    frame,
    money,
    overview,
    parameters,
    people,
    places,
    reports,
    rollouts,
    system,
    terms,
)
from shared.words.voice import Language, Text

LANGUAGES = ("zh", "en")
FAMILIES = (
    frame,
    overview,
    devices,
    parameters,
    people,
    alarms,
    places,
    cards,
    reports,
    rollouts,
    system,
    money,
    faults,
    terms,
)
"""One module for each family of pages; no key stands in two."""

WORDS: dict[str, Text] = {key: text for family in FAMILIES for key, text in family.WORDS.items()}


class Words(dict[str, str]):
    """A key that is not there is shown as itself in ⟦⟧, never as nothing: whoever looks sees it, and so does a test."""

    def __missing__(self, key: str) -> str:
        return f"⟦{key}⟧"


@cache
def words(language: str) -> Mapping[str, str]:
    """Key → text in one language; Chinese for an unknown language."""
    spoken = Language(language if language in LANGUAGES else LANGUAGES[0])
    return Words((key, text.in_language(spoken)) for key, text in WORDS.items())
