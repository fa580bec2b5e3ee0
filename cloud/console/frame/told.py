"""What a page says of the act that it has done, for the audit list; in the request's own room."""

from typing import NamedTuple

from flask import g


class Told(NamedTuple):
    """object: 'kind:id'. No secret: it is kept for years, and read."""

    object: str = ""
    zh: str = ""
    en: str = ""


def tell(object_: str, zh: str, en: str) -> None:
    """Say it; the last word counts."""
    g.told = Told(object_, zh, en)


def told() -> Told:
    """What was said in this request, or nothing."""
    found: Told = g.get("told", Told())
    return found
