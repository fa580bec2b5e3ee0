"""Both halves of a text: for what is stored or sent, where the one who shows it chooses, and for longer texts. Pure."""

from shared.words.voice import Text


def both(said: Text | None) -> list[str]:
    """[zh, en]; empty where there is nothing to say."""
    return [said.zh, said.en] if said else []


def halves(said: Text | None) -> tuple[str, str]:
    """To be set into a longer text; two empty ones where there is nothing to say."""
    return (said.zh, said.en) if said else ("", "")
