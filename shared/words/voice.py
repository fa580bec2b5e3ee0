"""One voice: what a person reads stands in one language, the terminal's; in both languages in the code. No I/O.

A Text has both and becomes the one that this process speaks when it is shown: by str, in an f-string, as the message of
an exception. So tables of words are made at import, and the language is chosen by the composition root, once, before
anything is said; a server of pages sets it for each request by `speak_here`. What machines read (JSON, READY, STATUS,
exit codes) has no language and is never a Text.
"""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum


class Language(Enum):
    """Chinese first, English second."""

    ZH = "zh"
    EN = "en"


OPTION = "--lang"
INHERITED = "YKT_LANG"
"""Variable of the environment by which a launcher hands its own language to the parts that it starts."""
_NAMES = tuple(language.value for language in Language)
_WHOLE = tuple(f"{OPTION}={name}" for name in _NAMES)
_ASKED = (INHERITED, "LC_ALL", "LC_MESSAGES", "LANG")


@dataclass(frozen=True, slots=True)
class Text:
    """The same said twice. `%s` and `+` are not for it: an f-string on either side keeps the languages apart."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.in_language(spoken())

    def __format__(self, form: str) -> str:
        return format(str(self), form)

    def in_language(self, language: Language) -> str:
        """That one of the two, with our commands as they are called here."""
        return as_called(self.en if language is Language.EN else self.zh)


def in_both(what: str | Text) -> Text:
    """A name that is the same in both languages as a Text; a Text as it is."""
    return what if isinstance(what, Text) else Text(what, what)


def told_by(fault: BaseException, otherwise: Text | None = None) -> Text:
    """What a fault says, in both languages. Of one that does not: `otherwise`, else its message, twice."""
    said = fault.args[0] if fault.args else ""
    if isinstance(said, Text):
        return said
    return otherwise or in_both(str(fault))


CHECKOUT = "./ykt"
"""How our commands are called in a checkout, and in every text."""


class _Voice:
    """What this process speaks, and how its commands are called where it is installed."""

    language = Language.ZH
    called = ""
    parts: tuple[str, ...] = ()


_HERE: ContextVar[Language | None] = ContextVar("language", default=None)


def speak(language: Language) -> None:
    """From now on; for the composition root, and for tests."""
    _Voice.language = language


def call(name: str, parts: Sequence[str]) -> None:
    """From now on these commands are called `name part`; for the composition root of an installation."""
    _Voice.called, _Voice.parts = name, tuple(f"{CHECKOUT} {part}" for part in parts)


def as_called(text: str) -> str:
    """The same, its commands as this process calls them; those that only a checkout has stay as they are."""
    for part in _Voice.parts:
        text = text.replace(part, part.replace(CHECKOUT, _Voice.called, 1))
    return text


def speak_here(language: Language | None) -> None:
    """In this context alone, a request's; None: as the process does."""
    _HERE.set(language)


def spoken() -> Language:
    """What is spoken here: in this context, else by this process."""
    return _HERE.get() or _Voice.language


def without(arguments: Sequence[str]) -> list[str]:
    """The arguments without `--lang zh|en`; with it, where its value is neither, for somebody else to refuse."""
    kept: list[str] = []
    for word in arguments:
        if kept and kept[-1] == OPTION and word in _NAMES:
            kept.pop()
        elif word not in _WHOLE:
            kept.append(word)
    return kept


def wanted(arguments: Sequence[str], environment: Mapping[str, str]) -> Language:
    """`--lang zh|en`, else what the launcher speaks, else the terminal's locale; Chinese when in doubt.

    A value of --lang that is no language is the command line's to refuse.
    """
    for at, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if name == OPTION:
            said = value if equals else "".join(arguments[at + 1 : at + 2])
            return Language.EN if said == Language.EN.value else Language.ZH
    said = next((environment[name] for name in _ASKED if environment.get(name)), "")
    return Language.EN if said.lower().split(".")[0].split("_")[0] == Language.EN.value else Language.ZH
