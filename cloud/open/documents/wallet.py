"""The wallet's calls as OpenAPI 3.1, from the accounts service's table. `docs/api/wallet.json` is this. Pure.

They are for the wallet's own pages, with its cookie; whoever writes another wallet finds here what it may ask.
"""

from collections.abc import Mapping
from typing import Any

from cloud.open.documents.openapi import OPENAPI, both, object_of
from cloud.open.documents.schemas import SCHEMAS
from cloud.open.documents.wallet_answers import WALLET_SCHEMAS, answer_of
from cloud.open.problems import MEDIA
from cloud.wallet.back.context import Operation, Right
from cloud.wallet.front.app import API, COOKIE
from cloud.wallet.line.calls import OF_FRONT
from shared.words.voice import Text

ABOUT = Text(
    "钱包的调用：JSON、x-ykt 头、本站 cookie。x-right 说明由谁调用，x-fresh 说明须五分钟内验证过身份。",
    "The wallet's calls: JSON, the header x-ykt, the cookie of this site. x-right says who may, x-fresh that a proof "
    "of the last five minutes is needed.",
)
_JSON = "application/json"


def wallet_document(operations: Mapping[str, Operation]) -> dict[str, Any]:
    """As a value of JSON. A provider's callback is no call of a page's."""
    return {
        "openapi": OPENAPI,
        "info": {"title": "OpenYKT wallet", "version": "1", "description": both(ABOUT)},
        "servers": [{"url": "/"}],
        "paths": {API + name: {"post": _post(name, one)} for name, one in operations.items() if name not in OF_FRONT},
        "components": {
            "schemas": {"Problem": SCHEMAS["Problem"]} | dict(WALLET_SCHEMAS),
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": COOKIE}},
        },
    }  # fmt: skip


def _post(name: str, one: Operation) -> dict[str, Any]:
    return {
        "operationId": name.replace("/", "_"), "security": [] if one.right is Right.ANYBODY else [{"session": []}],
        "x-right": one.right.value, "x-fresh": one.fresh,
        "parameters": [{"name": "x-ykt", "in": "header", "required": True, "schema": {"type": "string"}}],
        "requestBody": {"required": True, "content": {_JSON: {"schema": object_of(one.shape)}}},
        "responses": {
            "200": {"description": "its value", "content": {_JSON: {"schema": answer_of(name)}}},
            "default": {
                "description": "refused", "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        },
    }  # fmt: skip
