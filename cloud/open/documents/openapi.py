"""The open platform as OpenAPI 3.1, from its table. `docs/api/open.json` is this, and so is /openapi.json. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cloud.open.documents.schemas import SCHEMAS, Schema, ref
from cloud.open.problems import EVERYWHERE, MEDIA, METHOD, NO_IDEMPOTENCY, NONE, TYPE_WRONG, Problem
from cloud.open.route import Route
from cloud.open.store.apps import SCOPES
from cloud.wallet.line.shapes import Kind, Shape
from shared.words.voice import Text

VERSION = "1"
OPENAPI = "3.1.0"
_JSON = "application/json"
ABOUT = Text(
    "开放平台：付款、退款、事件与回调、身份、终端。每个请求带 Authorization: Bearer 密钥；一个密钥只属于一个商户。"
    "金额为整数分。改变资金的调用须带 Idempotency-Key：同键同参数答复相同，同键另一参数为 409。"
    "错误一律为 application/problem+json。",
    "The open platform: payments, refunds, events and webhooks, identity, terminals. Every request has Authorization: "
    "Bearer KEY; a key belongs to one merchant. Sums are whole fen. A call that moves money has an Idempotency-Key: "
    "the same key with the same arguments hears the same, with others 409. Every error is application/problem+json.",
)
_LIMITS: Mapping[str, Schema] = {
    "RateLimit": {"schema": {"type": "string"}, "description": "draft-ietf-httpapi-ratelimit-headers"},
    "RateLimit-Policy": {"schema": {"type": "string"}, "description": "draft-ietf-httpapi-ratelimit-headers"},
}
_TOLD = {name: {"$ref": f"#/components/headers/{name}"} for name in _LIMITS}


def document(routes: Sequence[Route]) -> dict[str, Any]:
    """As a value of JSON."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, routes)
    return {
        "openapi": OPENAPI,
        "info": {
            "title": "OpenYKT open platform", "version": VERSION, "description": both(ABOUT),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "tags": [{"name": scope} for scope in (*SCOPES, "any")],
        "paths": paths,
        "components": {
            "schemas": dict(SCHEMAS), "headers": dict(_LIMITS), "parameters": {"IdempotencyKey": _IDEMPOTENCY},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }  # fmt: skip


def both(said: Text) -> str:
    """In both languages."""
    return f"{said.zh}\n\n{said.en}"


def _operation(route: Route, routes: Sequence[Route]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": route.name, "tags": [route.scope or "any"], "summary": f"{route.about.zh} · {route.about.en}",
        "responses": _responses(route, routes),
    }  # fmt: skip
    parameters = [_parameter(name, "path", route.shape[name]) for name in route.parts]
    parameters += [_parameter(name, "query", kind) for name, kind in route.query.items()]
    if route.keyed:
        parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    if parameters:
        told["parameters"] = parameters
    if route.body:
        told["requestBody"] = {"required": True, "content": {_JSON: {"schema": object_of(route.body)}}}
    return told


_IDEMPOTENCY: Schema = {
    "name": "Idempotency-Key", "in": "header", "required": True,
    "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,64}$"},
}  # fmt: skip


def object_of(shape: Shape) -> Schema:
    """What `parsed` takes of a shape."""
    told: Schema = {
        "type": "object", "properties": {name: _of(kind) for name, kind in shape.items()},
        "additionalProperties": False,
    }  # fmt: skip
    needed = [name for name, kind in shape.items() if not kind.optional]
    return told | {"required": needed} if needed else told


def _of(kind: Kind) -> Schema:
    """What may be left out may be null, too. Of a kind without a schema its name is told."""
    told = dict(kind.schema) or {"description": kind.name}
    if not kind.optional or not isinstance(told.get("type"), str):
        return told
    if "enum" in told:
        told["enum"] = [*told["enum"], None]
    return told | {"type": [told["type"], "null"]}


def _parameter(name: str, place: str, kind: Kind) -> Schema:
    return {"name": name, "in": place, "required": place == "path", "schema": dict(kind.schema)}


def _responses(route: Route, routes: Sequence[Route]) -> dict[str, Any]:
    found: dict[str, Any] = {str(route.status): _heard(route, routes)}
    for status, problems in sorted(_by_status(_problems(route)).items()):
        codes = " · ".join(sorted({problem.code for problem in problems}))
        found[str(status)] = {
            "description": codes, "headers": _TOLD, "content": {MEDIA: {"schema": ref("Problem")}},
        }  # fmt: skip
    return found


def _heard(route: Route, routes: Sequence[Route]) -> dict[str, Any]:
    schema = ref(route.answers)
    told = {"description": route.about.en, "headers": _TOLD, "content": {_JSON: {"schema": schema}}}
    links = dict(_links(route, routes)) if route.method == "POST" else {}
    return told | {"links": links} if links else told


def _links(route: Route, routes: Sequence[Route]) -> Iterable[tuple[str, Schema]]:
    """What may be asked of that which was made."""
    for name in ("order", "payment", "ask", "event"):
        if name in SCHEMAS[route.answers]["properties"]:
            for to in routes:
                if to.parts == (name,) and to is not route:
                    yield to.name, {"operationId": to.name, "parameters": {name: f"$response.body#/{name}"}}


def _problems(route: Route) -> Iterable[Problem]:
    yield from EVERYWHERE
    yield METHOD
    yield from route.refusals
    if route.parts or "cursor" in route.query:
        yield NONE
    if route.keyed:
        yield NO_IDEMPOTENCY
    yield TYPE_WRONG


def _by_status(problems: Iterable[Problem]) -> dict[int, list[Problem]]:
    found: dict[int, list[Problem]] = {}
    for one in problems:
        found.setdefault(one.status, []).append(one)
    return found
