"""What a host says of itself on its STATE topic: JSON, retained, its will beforehand. Pure."""

import json
from typing import NamedTuple

from cloud.watch.docking.sparkplug.topics import Publish, state_topic
from shared.errors import WireFault

STATE_MAX = 256
"""Bytes: two keys, and so short that no JSON in it is deep."""
STATE_QOS = 1


class HostState(NamedTuple):
    """There or not, and since when; of two the later one counts."""

    is_online: bool
    timestamp_ms: int


def state_message(host: str, state: HostState) -> Publish:
    """The message that says so."""
    told = {"online": state.is_online, "timestamp": state.timestamp_ms}
    return Publish(state_topic(host), json.dumps(told).encode(), STATE_QOS, is_retained=True)


def read_state(octets: bytes) -> HostState:
    """What a host said. WireFault: that is none; the plain words of before 3.0 are not either."""
    if len(octets) > STATE_MAX:
        raise WireFault("a STATE that is too long")
    try:
        told = json.loads(octets.decode())
    except ValueError as fault:
        raise WireFault("a STATE that is no JSON") from fault
    online, timestamp = (told.get("online"), told.get("timestamp")) if isinstance(told, dict) else (None, None)
    if not isinstance(online, bool) or type(timestamp) is not int or timestamp < 0:
        raise WireFault("a STATE without its keys")
    return HostState(online, timestamp)
