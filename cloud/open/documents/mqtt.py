"""What goes over MQTT as AsyncAPI 3.0: the lanes between box and cloud, from their own descriptions, and the door of
Sparkplug B for strangers' devices. `docs/api/mqtt.json` is this. Pure."""

from collections.abc import Iterable
from typing import Any

from cloud.watch.docking.sparkplug.topics import ID_MAX, NAMESPACE, STATE, Verb
from shared.ids import PARTITIONS
from shared.wire.form.layout import Layout, Message
from shared.wire.messages import MESSAGES
from shared.wire.topics import DOWNWARD, ROOT, UPWARD
from shared.words.voice import Text

ASYNCAPI = "3.0.0"
ABOUT = Text(
    "网关与中心之间的消息（MQTT 5，QoS 1，双向 TLS，每个网关只能用自己的主题），以及第三方设备的 Sparkplug B 3.0。"
    "消息为一个版本字节加 CBOR 数组：标签，然后是下列字段。",
    "Messages between boxes and cloud (MQTT 5, QoS 1, mutual TLS, a box writes as itself alone), and Sparkplug B 3.0 "
    "of strangers' devices. A message is one byte, the version, and a CBOR array: its tag, then these fields.",
)
LANE, SPARKPLUG = "application/cbor", "application/x-protobuf; profile=sparkplug-b"


def mqtt_document() -> dict[str, Any]:
    """As a value of JSON."""
    lanes = (*UPWARD, *DOWNWARD)
    return {
        "asyncapi": ASYNCAPI,
        "info": {"title": "OpenYKT MQTT", "version": "1", "description": f"{ABOUT.zh}\n\n{ABOUT.en}"},
        "defaultContentType": LANE,
        "channels": {_key(lane): _lane(lane) for lane in lanes} | {_node_key(verb): _node(verb) for verb in Verb}
        | {"sparkplug_state": _state()},
        "operations": {_key(lane): _operation(_key(lane), lane in DOWNWARD) for lane in lanes}
        | {_node_key(verb): _operation(_node_key(verb), verb.is_command) for verb in Verb},
        "components": {"messages": {one.title: _message(one) for one in MESSAGES} | {"SparkplugPayload": _PAYLOAD}},
    }  # fmt: skip


def _key(lane: str) -> str:
    return lane.replace("/", "_")


def _node_key(verb: Verb) -> str:
    return f"sparkplug_{verb.value}"


def _lane(lane: str) -> dict[str, Any]:
    return {
        "address": f"{ROOT}/p{{partition}}/{{box}}/{lane}",
        "parameters": {
            "partition": {"description": f"two digits, below {PARTITIONS}"}, "box": {"description": "the box's name"},
        },
        "messages": {one.title: _ref(one.title) for one in MESSAGES if one.lane == lane},
    }  # fmt: skip


def _node(verb: Verb) -> dict[str, Any]:
    names = ("group", "node", "device") if verb.is_of_device else ("group", "node")
    rest = "/{device}" if verb.is_of_device else ""
    return {
        "address": f"{NAMESPACE}/{{group}}/{verb.value}/{{node}}{rest}",
        "parameters": {name: {"description": f"1 to {ID_MAX} characters"} for name in names},
        "messages": {"SparkplugPayload": _ref("SparkplugPayload")},
    }  # fmt: skip


def _state() -> dict[str, Any]:
    payload = {"type": "object", "properties": {"online": {"type": "boolean"}, "timestamp": {"type": "integer"}}}
    return {
        "address": f"{NAMESPACE}/{STATE}/{{host}}", "parameters": {"host": {"description": "id of the host"}},
        "messages": {"State": {"contentType": "application/json", "payload": payload}},
    }  # fmt: skip


def _operation(channel: str, is_from_cloud: bool) -> dict[str, Any]:  # a fact, not a mode
    return {"action": "send" if is_from_cloud else "receive", "channel": {"$ref": f"#/channels/{channel}"}}


def _message(one: Message[Any]) -> dict[str, Any]:
    return {
        "name": one.title, "contentType": LANE,
        "payload": {"type": "array", "prefixItems": [{"const": int(one.tag), "title": "tag"}, *_fields(one.layout)]},
    }  # fmt: skip


def _fields(layout: Layout[Any]) -> Iterable[dict[str, str]]:
    needed = [{"title": one.name, "description": one.says} for one in layout.fields]
    newer = [{"title": one.name, "description": f"[{one.says}]"} for one in (*layout.later, *layout.rare)]
    return [*needed, *newer]


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/messages/{name}"}


_PAYLOAD = {
    "name": "SparkplugPayload", "contentType": SPARKPLUG,
    "description": "org.eclipse.tahu.protobuf.Payload of Sparkplug B 3.0",
}  # fmt: skip
