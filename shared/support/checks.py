"""What `doctor` asks of an installation, and what is answered: a question, an answer in words, the next step. Pure.

Nobody knows is an answer of its own, and never good. A check has an id that stays for ever: programs, pages and people
on the telephone name it.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from shared.words.voice import Language, Text

SCHEMA, FORMAT = "openykt.doctor", 1
ALL_GOOD, WRONG, NOT_KNOWN = 0, 1, 2
"""Exit codes: all is well, something is wrong, something is not known. What should be seen to is told, and is well."""


class State(StrEnum):
    """From good to worst."""

    GOOD = "good"
    CARE = "care"
    UNKNOWN = "unknown"
    BAD = "bad"


def worst(states: Iterable[State]) -> State:
    """Of some."""
    return max(states, key=list(State).index)


class Answer(NamedTuple):
    """said: how it is. fix: what to do next, exactly; None: nothing. about: of what, where a check looks at several."""

    state: State
    said: Text
    fix: Text | None = None
    about: str = ""


class Check(NamedTuple):
    """ask may raise anything and take for ever: the runner answers for it. more: a page that says more."""

    id: str
    asks: Text
    ask: Callable[[], Iterable[Answer]]
    more: str = "docs/support.md"


class Result(NamedTuple):
    """One answer, and how long the check took."""

    check: Check
    answer: Answer
    took_ms: int


def good(said: Text, about: str = "") -> Answer:
    """As it should be."""
    return Answer(State.GOOD, said, None, about)


def care(said: Text, fix: Text, about: str = "") -> Answer:
    """It works, and should be seen to."""
    return Answer(State.CARE, said, fix, about)


def bad(said: Text, fix: Text, about: str = "") -> Answer:
    """It does not work, or will not for long."""
    return Answer(State.BAD, said, fix, about)


def unknown(said: Text, fix: Text | None = None, about: str = "") -> Answer:
    """Nobody can tell."""
    return Answer(State.UNKNOWN, said, fix, about)


def exit_code(states: Iterable[State]) -> int:
    """Of all answers together."""
    found = set(states)
    if State.BAD in found:
        return WRONG
    return NOT_KNOWN if State.UNKNOWN in found or not found else ALL_GOOD


def as_json(part: str, results: Sequence[Result]) -> dict[str, Any]:
    """For programs: English, whatever this process speaks."""
    code = exit_code(result.answer.state for result in results)
    return {
        "schema": SCHEMA, "format": FORMAT, "part": part, "ok": code == ALL_GOOD, "exit": code,
        "checks": [_row(result) for result in results],
    }  # fmt: skip


def _row(result: Result) -> dict[str, Any]:
    check, answer = result.check, result.answer
    fix = answer.fix.in_language(Language.EN) if answer.fix is not None else ""
    return {
        "id": check.id, "about": answer.about, "state": answer.state.value, "asks": check.asks.in_language(Language.EN),
        "said": answer.said.in_language(Language.EN), "fix": fix, "more": check.more, "ms": result.took_ms,
    }  # fmt: skip
