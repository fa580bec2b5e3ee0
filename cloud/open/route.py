"""How a call stands in the table, and what it is given. One row says all of it: routes, checks and document.

`act` takes the context and the parsed arguments, those of path, query and body together, and returns a Reply, or raises
CallRefused, which has changed nothing. A row that is `keyed` has an Idempotency-Key: the same call under it hears the
same answer, made from what the ledger has kept of it, so a crash between commit and answer changes nothing.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from cloud.open.opaque import opened, shut
from cloud.open.problems import NONE, CallRefused, Problem
from cloud.open.store.apps import App
from cloud.payments.orders.door import OrderDoor
from cloud.store.db import Database
from cloud.wallet.line.shapes import Arguments, Shape, octets, text, whole
from shared.words.voice import Text

PAGE = 50
PAGE_MAX = 200
ID = octets(16)
"""Of anything of ours that has a number."""
CURSOR = octets(16, optional=True)
PAGED: Shape = {"cursor": CURSOR, "limit": whole(1, PAGE_MAX, optional=True)}
_PART = re.compile(r"\{([a-z_]+)\}")


class Reply(NamedTuple):
    """What a call has come to."""

    value: Any
    status: int = 200


@dataclass(frozen=True, slots=True)
class Books:
    """Whose money it is: the campus' own, or the sandbox's, where there is none."""

    ledger: OpenedLedger
    orders: OrderDoor


@dataclass(frozen=True, slots=True)
class Site:
    """What all calls share; one thread's. secret: of the numbers that applications see. signer: of webhooks."""

    store: Database
    people: Database
    live: Books
    sandbox: Books
    secret: bytes = field(repr=False)
    signer: Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Context:
    """One call of an application that may make it. key: its Idempotency-Key, '' where the row has none."""

    site: Site
    app: App
    now: Now
    key: str = ""

    @property
    def books(self) -> Books:
        """Those that this application's calls are about."""
        return self.site.sandbox if self.app.is_sandbox else self.site.live

    def shut(self, use: str, number: int) -> str:
        """As this application sees the number."""
        return shut(self.site.secret, f"{self.app.id} {use}", number)

    def opened(self, use: str, given: str) -> int:
        """What this application has seen. CallRefused: it has not."""
        found = opened(self.site.secret, f"{self.app.id} {use}", given)
        if found is None:
            raise CallRefused(NONE)
        return found


Act = Callable[[Context, Arguments], Reply]


@dataclass(frozen=True)
class Route:
    """name: operationId. scope: '' any application. answers: name of the schema of what it returns. refusals: beside
    those that any call may hear."""

    name: str
    method: str
    path: str
    scope: str
    about: Text
    answers: str
    act: Act
    query: Shape = field(default_factory=dict)
    body: Shape = field(default_factory=dict)
    keyed: bool = False
    status: int = 200
    refusals: tuple[Problem, ...] = ()
    is_sandbox: bool = False

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """Names of what the path holds."""
        return tuple(_PART.findall(self.path))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Of the paths that are its."""
        return re.compile(_PART.sub(r"([^/]{1,64})", self.path))

    @property
    def shape(self) -> Shape:
        """Every argument that it takes."""
        return {name: PARTS[name] for name in self.parts} | dict(self.query) | dict(self.body)


PARTS: Mapping[str, Any] = {
    "order": ID, "payment": ID, "ask": ID, "event": ID, "device": text(32),
}  # fmt: skip
"""What stands in paths."""


def page_of(context: Context, use: str, given: Arguments) -> tuple[int, int]:
    """Behind which number, and how many. CallRefused: a cursor that this list never gave."""
    after = context.opened(f"cursor {use}", given["cursor"]) if given["cursor"] else 0
    return after, given["limit"] or PAGE


def paged(context: Context, use: str, items: list[Any], last: int, *, more: bool) -> Reply:
    """A page. cursor: what to ask with for what comes behind it, also when nothing has come yet."""
    return Reply({"items": items, "cursor": context.shut(f"cursor {use}", last), "more": more})
