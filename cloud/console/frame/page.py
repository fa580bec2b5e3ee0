"""How a page is declared: its address, the one right that it takes, its place in the menu, the function that makes it.

`register` is the only way to a route: an endpoint without a declared right does not exist.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from flask import Flask, abort, g
from werkzeug.wrappers import Response

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.sources import Sources
from shared.input.functions import Function

Reply = str | Response | tuple[str, int]
RIGHTS = "YKT_RIGHTS"
PAGES = "YKT_PAGES"
"""Where the Flask application's configuration keeps what was declared."""
NUMBER_MAX = 2**31 - 1
"""No job, entry or proposal of an address has a greater number, and no database is asked for one."""


class Menu(StrEnum):
    """Parts of the menu, from above; `menu_X` is its word."""

    HOME = "home"
    DEVICES = "devices"
    ALARMS = "alarms"
    MONEY = "money"
    CARDS = "cards"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Page:
    """name: the endpoint, and the key of its title in the words. view: takes the sources and the address's own values.

    menu: where its name stands, for whoever has its right; None: it is reached from another page. writes: it takes
    POST alone; each call of it stands in the audit list. needs: without this function it is not there. whole: it is
    about all of the campus: who has its right for a part of it alone gets neither it nor its name.
    """

    name: str
    rule: str
    right: Right
    view: Callable[..., Reply]
    menu: Menu | None = None
    writes: bool = False
    whole: bool = False
    needs: Function | None = None

    def is_for(self, signed: Signed) -> bool:
        """May he have it?"""
        return signed.everywhere(self.right) if self.whole else signed.may(self.right)


def register(app: Flask, sources: Sources, pages: Iterable[Page]) -> None:
    """Give each its route. ValueError for a name or an address that is taken."""
    rights: dict[str, Right] = app.config.setdefault(RIGHTS, {})
    listed: list[Page] = app.config.setdefault(PAGES, [])
    for page in pages:
        if page.name in rights:
            raise ValueError(page.name)
        rights[page.name] = page.right
        listed.append(page)
        app.add_url_rule(page.rule, page.name, _bound(page, sources), methods=["POST" if page.writes else "GET"])


def _bound(page: Page, sources: Sources) -> Callable[..., Reply]:
    def view(**values: str | int) -> Reply:
        if any(isinstance(value, int) and value > NUMBER_MAX for value in values.values()):
            abort(404)
        if page.whole and not page.is_for(g.signed):
            abort(403)
        return page.view(sources if page.writes else sources.one_look(), **values)

    view.__name__ = page.name
    return view


def right_of(app: Flask, endpoint: str | None) -> Right | None:
    """What was declared; None: nothing was, and nobody gets it."""
    found: Right | None = app.config.get(RIGHTS, {}).get(endpoint)
    return found
