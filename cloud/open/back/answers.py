"""What the open platform answers: a request as values in, status, fields and bytes out. HTTP is the front's.

In this order, so that nobody learns more than he may: whose key it is, whether there is such a call, its scope, its
quota, its arguments, then the call itself. Whatever goes wrong is a problem (RFC 9457); no answer tells of the inside.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from cloud.ledger.records.values import Now
from cloud.open.back.quotas import Left, Quotas, fields
from cloud.open.line import DOCUMENT, JSON, Asked, Said, encoded, refusal
from cloud.open.problems import (
    AWAY,
    KEY_IN_URL,
    MALFORMED,
    METHOD,
    NO_IDEMPOTENCY,
    NOBODY,
    NONE,
    SCOPE,
    TYPE_WRONG,
    CallRefused,
    Problem,
    quota,
)
from cloud.open.route import Context, Reply, Route, Site
from cloud.open.store.apps import App, holder_of_key, used_on
from cloud.wallet.line.calls import from_json
from cloud.wallet.line.shapes import Shape, parsed
from shared.clocks.clock import DAY_S
from shared.errors import RuleBroken, StoreFault

QUERY_MAX = 1024
_BEARER = re.compile(r"Bearer (ykt_[A-Za-z0-9_-]{1,80})", re.ASCII)
_KEY = re.compile(r"[\x21-\x7e]{1,64}")
_NUMBER = re.compile(r"-?[0-9]{1,16}")


@dataclass(slots=True)
class Counts:
    """Since the start."""

    asked: int = 0
    refused: int = 0
    nobody: int = 0
    slowed: int = 0
    away: int = 0


class Answers:
    """Not thread-safe: store and ledgers are one thread's, and so is this. document: the published one, as bytes."""

    def __init__(self, site: Site, routes: Sequence[Route], document: bytes) -> None:
        self._site, self._routes, self._document = site, routes, document
        self.quotas = Quotas()
        self.counts = Counts()

    def answer(self, asked: Asked, now: Now) -> Said:
        """Whatever it is."""
        self.counts.asked += 1
        if (asked.method, asked.path, asked.query) == ("GET", DOCUMENT, ""):
            return Said(200, (("Content-Type", JSON),), self._document)
        told: list[tuple[str, str]] = []
        try:
            reply = self._answered(asked, now, told)
        except CallRefused as refused:
            return self._no(refused.problem, told)
        except (StoreFault, RuleBroken):
            self.counts.away += 1
            return self._no(AWAY, told)
        return Said(reply.status, (("Content-Type", JSON), *told), encoded(reply.value))

    def _answered(self, asked: Asked, now: Now, told: list[tuple[str, str]]) -> Reply:
        if "ykt_" in asked.query or "ykt_" in asked.path:
            raise CallRefused(KEY_IN_URL)
        headers = _once(asked.headers)
        app = self._app(headers.get("authorization", ""), now)
        left = self._left(app, now)
        told += fields(left, app.per_minute, app.per_day)
        if left.wait_s:
            self.counts.slowed += 1
            raise CallRefused(quota(left.wait_s))
        route, parts = self._route(asked, app, told)
        if route.scope and route.scope not in app.scopes:
            raise CallRefused(SCOPE)
        given = _arguments(route, parts, asked, headers)
        key = _idempotency_key(headers) if route.keyed else ""
        return route.act(Context(self._site, app, now, key), given)

    def _app(self, header: str, now: Now) -> App:
        found = _BEARER.fullmatch(header)
        with self._site.store.reading():
            app = holder_of_key(self._site.store, found[1] if found else "", now.unix_ms)
        if app is None:
            self.counts.nobody += 1
            raise CallRefused(NOBODY)
        return app

    def _left(self, app: App, now: Now) -> Left:
        if not self.quotas.knows(app.id):
            day = now.campus_s // DAY_S
            with self._site.store.reading():
                used = used_on(self._site.store, day).get(app.id, 0)
            self.quotas.begin(app.id, day, used)
        return self.quotas.take(app.id, app.per_minute, app.per_day, now.unix_ms // 1000, now.campus_s)

    def lay_down(self) -> None:
        """What the applications have called; once a turn."""
        unsaid = self.quotas.unsaid()
        if unsaid:
            with self._site.store.writing():
                self._site.store.upsert("used", "app, day, calls", "app, day", unsaid)

    def _route(self, asked: Asked, app: App, told: list[tuple[str, str]]) -> tuple[Route, dict[str, str]]:
        found = [
            (route, dict(zip(route.parts, there.groups(), strict=True)))
            for route in self._routes
            if (there := route.pattern.fullmatch(asked.path)) and (app.is_sandbox or not route.is_sandbox)
        ]
        if not found:
            raise CallRefused(NONE)
        for one in found:
            if one[0].method == asked.method:
                return one
        told.append(("Allow", ", ".join(sorted(route.method for route, _ in found))))
        raise CallRefused(METHOD)

    def _no(self, problem: Problem, told: list[tuple[str, str]]) -> Said:
        self.counts.refused += 1
        return refusal(problem, told)


def _once(headers: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """Of what decides anything there is one, or none is believed."""
    found: dict[str, str] = {}
    for name, value in headers:
        if name in found and name in ("authorization", "idempotency-key", "content-type", "content-length", "host"):
            raise CallRefused(MALFORMED)
        found[name] = value
    return found


def _idempotency_key(headers: Mapping[str, str]) -> str:
    key = headers.get("idempotency-key", "")
    if _KEY.fullmatch(key) is None:
        raise CallRefused(NO_IDEMPOTENCY)
    return key


def _arguments(route: Route, parts: dict[str, str], asked: Asked, headers: Mapping[str, str]) -> dict[str, Any]:
    shape = route.shape
    for name, value in parts.items():
        if not shape[name].fits(value):
            raise CallRefused(NONE)  # as one that there is not: nobody learns the form of what there is
    query, body = _query(route.query, asked.query), _body(route, asked, headers)
    return parts | parsed(route.query, query) | parsed(route.body, body)


def _query(shape: Shape, raw: str) -> dict[str, Any]:
    if len(raw) > QUERY_MAX:
        raise CallRefused(MALFORMED)
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, strict_parsing=bool(raw), errors="strict", max_num_fields=16)
    except ValueError as fault:
        raise CallRefused(MALFORMED) from fault
    if len({name for name, _ in pairs}) != len(pairs):
        raise CallRefused(MALFORMED)
    return {name: _typed(shape, name, value) for name, value in pairs}


def _typed(shape: Shape, name: str, value: str) -> str | int:
    return int(value) if _is_whole(shape, name) and _NUMBER.fullmatch(value) else value


def _is_whole(shape: Shape, name: str) -> bool:
    return name in shape and shape[name].schema.get("type") == "integer"


def _body(route: Route, asked: Asked, headers: Mapping[str, str]) -> dict[str, Any]:
    if not asked.body and not route.body:
        return {}
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise CallRefused(TYPE_WRONG)
    return from_json(asked.body)
