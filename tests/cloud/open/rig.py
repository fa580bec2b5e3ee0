"""The open platform without a socket: a ledger of its own, a sandbox, and calls as the process would pass them on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from cloud.open.back.answers import Answers
from cloud.open.back.site import open_site
from cloud.open.documents.openapi import document
from cloud.open.line import Asked, Said, encoded
from cloud.open.route import Site
from cloud.open.sandbox.books import MERCHANT as SANDBOX_MERCHANT
from cloud.open.store.apps import SCOPES, App, add_app, add_key
from cloud.open.store.schema import make_tables
from cloud.open.table import ROUTES
from cloud.store.db import MEMORY, open_database
from cloud.wallet.people.schema import make_tables as make_people
from tests.cloud.ledger import campus as c

MERCHANT, OTHER = "一楼大伙", "面点"
DOCUMENT = encoded(document(ROUTES))


@dataclass
class Heard:
    status: int
    headers: Mapping[str, str]
    value: Any

    @property
    def code(self) -> str:
        """Of a problem."""
        return str(self.value["code"])


@dataclass
class Rig:
    site: Site
    now: Now = c.NOW
    keys: dict[str, str] = field(default_factory=dict)
    apps: dict[str, App] = field(default_factory=dict)
    drawn: int = 0

    def __post_init__(self) -> None:
        self.born()
        self.admit("mine", MERCHANT)
        self.admit("other", OTHER)
        self.admit("beside", MERCHANT)
        self.admit("try", SANDBOX_MERCHANT, is_sandbox=True)

    def born(self) -> None:
        """A new process over the same files."""
        self.answers = Answers(self.site, ROUTES, DOCUMENT)

    def admit(self, name: str, merchant: str, *, is_sandbox: bool = False, **changed: Any) -> App:
        wanted = App("", name, merchant, SCOPES, 10_000, 10_000, 0, self.now.unix_ms, "", 0, is_sandbox)
        with self.site.store.writing():
            app = add_app(self.site.store, wanted._replace(**changed))
            self.keys[name] = add_key(self.site.store, app, self.now.unix_ms)
        self.apps[name] = app
        return app

    def later(self, seconds: int) -> None:
        self.now = Now(self.now.unix_ms + 1000 * seconds, self.now.campus_s + seconds)

    def ask(self, method: str, path: str, who: str = "mine", *, key: str | None = "", **body: Any) -> Heard:
        """key: '' a new one, None none."""
        self.drawn += 1
        headers = [("authorization", f"Bearer {self.keys[who]}")]
        headers += [] if key is None or method == "GET" else [("idempotency-key", key or f"k{self.drawn}")]
        headers += [("content-type", "application/json")] if body else []
        return self.raw(method, path, headers, json.dumps(body).encode() if body else b"")

    def raw(self, method: str, path: str, headers: list[tuple[str, str]], body: bytes = b"") -> Heard:
        path, _, query = path.partition("?")
        return heard(self.answers.answer(Asked(method, path, query, headers, body), self.now))

    def order(self, who: str = "mine", fen: int = 1250, **body: Any) -> str:
        made = self.ask("POST", "/v1/orders", who, fen=fen, **body)
        assert made.status == 201, made
        return str(made.value["order"])

    def paid(self, who: str = "mine", fen: int = 1250, **body: Any) -> str:
        """The payment of an order that a wallet has paid."""
        token = self.order(who, fen, **body)
        if self.apps[who].is_sandbox:
            return str(self.ask("POST", f"/v1/sandbox/orders/{token}/pay", who, fen=fen).value["payment"])
        self.drawn += 1
        from cloud.payments import calls

        calls.pay(self.site.live.orders, c.card(1), f"p{self.drawn}", token, fen, self.now)
        (payment,) = self.ask("GET", f"/v1/orders/{token}", who).value["payments"]
        return str(payment["payment"])


def heard(said: Said) -> Heard:
    return Heard(said.status, dict(said.headers), json.loads(said.body))


def make_rig(live: OpenedLedger, sandbox: OpenedLedger) -> Rig:
    store, people = open_database(MEMORY), open_database(MEMORY)
    make_tables(store)
    make_people(people)
    return Rig(open_site(store, people, live, sandbox, Ed25519PrivateKey.from_private_bytes(bytes(32)),
                         c.NOW.unix_ms))  # fmt: skip
