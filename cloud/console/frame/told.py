"""What a page says of the act that it has done, for the audit list; in the request's own room."""

from typing import NamedTuple

from flask import g

from shared.words.voice import Text


class Told(NamedTuple):
    """object: 'kind:id', or ''. said: None where the page has said nothing; its name then stands for it."""

    object: str = ""
    said: Text | None = None


def tell(object_: str, said: Text) -> None:
    """Say it; the last word counts. No secret: it is kept for years, and read."""
    g.told = Told(object_, said)


def told() -> Told:
    """What was said in this request, or nothing."""
    found: Told = g.get("told", Told())
    return found
