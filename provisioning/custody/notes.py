"""What one process writes down for persons that may read another language than it speaks: both. Pure."""

from shared.words.voice import Text

_BETWEEN = " / "


def noted(text: Text) -> str:
    """Words of a note in the custody log."""
    return f"{text.zh} {text.en}"


def stored(text: Text) -> str:
    """A reason in a journal, of which `heard` shows one half."""
    return f"{text.zh}{_BETWEEN}{text.en}"


def reason_of(fault: Exception) -> str:
    """Why it happened, as `stored` has it."""
    said = fault.args[0] if fault.args else ""
    return stored(said) if isinstance(said, Text) else str(said)


def heard(reason: str) -> Text:
    """What `stored` wrote; a reason that a person gave is the same in both languages."""
    zh, between, en = reason.partition(_BETWEEN)
    return Text(zh, en) if between and en.isascii() and not zh.isascii() else Text(reason, reason)
