"""What is published is what is served: the files are made from the tables, and each is sound in its own standard."""

import gzip
import json
import re
from pathlib import Path

import jsonschema_rs
import pytest

from cloud.open.commands.by_command import documents
from cloud.open.documents.schemas import SCHEMAS
from cloud.open.documents.wallet_answers import ANSWERS
from cloud.open.store.apps import SCOPES
from cloud.open.table import ROUTES
from cloud.wallet.back.table import OPERATIONS
from cloud.wallet.line.calls import OF_FRONT
from compose.place import ROOT
from shared.wire.messages import MESSAGES

API = ROOT / "docs" / "api"
ASYNCAPI = Path(__file__).parent / "standards" / "asyncapi-3.0.0.json.gz"


@pytest.mark.parametrize("name", ["open.json", "wallet.json", "mqtt.json"])
def test_a_file_is_what_the_code_says(name: str) -> None:
    """Renewed by `./ykt cloud open document --out docs/api`."""
    assert (API / name).read_text(encoding="utf-8") == documents()[name]
    assert {file.name for file in API.iterdir()} == set(documents())


def test_every_route_is_in_the_document_once() -> None:
    told = json.loads((API / "open.json").read_text())
    named = [one["operationId"] for methods in told["paths"].values() for one in methods.values()]
    assert sorted(named) == sorted(route.name for route in ROUTES)
    assert {route.answers for route in ROUTES} <= set(SCHEMAS)
    assert {route.scope for route in ROUTES} <= {*SCOPES, ""}
    assert [route.name for route in ROUTES if route.method in ("PATCH", "HEAD")] == []


def test_what_moves_money_is_keyed() -> None:
    free = {"closeOrder", "testWebhook", "replayEvent", "sandboxAnswer", "sandboxCode"}
    assert {route.name for route in ROUTES if route.method == "POST" and not route.keyed} == free


@pytest.mark.parametrize("name", ["open.json", "wallet.json", "mqtt.json"])
def test_every_reference_leads_somewhere(name: str) -> None:
    told = json.loads((API / name).read_text())
    for place in refs(told):
        at = told
        for step in place.removeprefix("#/").split("/"):
            at = at[step.replace("~1", "/")]


def refs(value: object) -> list[str]:
    if isinstance(value, dict):
        return [one for name, below in value.items() for one in ([below] if name == "$ref" else refs(below))]
    return [one for below in value for one in refs(below)] if isinstance(value, list) else []


def test_every_message_and_every_call_of_the_wallet_is_told() -> None:
    mqtt, wallet = (json.loads((API / name).read_text()) for name in ("mqtt.json", "wallet.json"))
    assert {one.title for one in MESSAGES} < set(mqtt["components"]["messages"])
    assert {place.removeprefix("/w/api/") for place in wallet["paths"]} == set(OPERATIONS) - OF_FRONT
    assert set(ANSWERS) == set(OPERATIONS) - OF_FRONT


def test_mqtt_is_what_the_standard_calls_a_document() -> None:
    """Its own schema, and what no schema can say: an address names its parameters, an operation a channel of ours."""
    told = json.loads((API / "mqtt.json").read_text())
    official = jsonschema_rs.validator_for(json.loads(gzip.decompress(ASYNCAPI.read_bytes())))
    official.validate(told)
    assert not official.is_valid(told | {"channels": told["channels"] | {"spoilt": {"adress": "x"}}})
    for channel in told["channels"].values():
        assert set(re.findall(r"\{(\w+)\}", channel["address"])) == set(channel.get("parameters", {}))
    named = {f"#/channels/{name}" for name in told["channels"]}
    assert {one["channel"]["$ref"] for one in told["operations"].values()} <= named


def test_the_files_are_small_enough_to_read() -> None:
    assert {name: len(text) for name, text in documents().items() if len(text) > 200_000} == {}
