"""From bytes to a value, once, at the border: what a message is, or why it is none of ours.

Pure. Never raises: what cannot be read becomes Junk with its reason, on its way to the durable quarantine.
"""

from collections.abc import Callable

from cloud.ingest.ticket import Arrival, Body, Junk
from shared.errors import WireFault
from shared.wire.messages import BoxState, decode_batch, decode_now_up, decode_state
from shared.wire.topics import STATE, UP_MONEY, UP_NOW, Address, parse

_DECODE: dict[str, Callable[[bytes], Body | BoxState]] = {
    UP_MONEY: decode_batch,
    UP_NOW: decode_now_up,
    STATE: decode_state,
}


def sender_of(arrival: Arrival) -> Address | None:
    """Who sent it, as far as its topic is one of ours. Cheap."""
    try:
        return parse(arrival.topic)
    except WireFault:
        return None


def read(arrival: Arrival) -> tuple[Address | None, Body | BoxState]:
    """Who sent it (the topic is what the broker's rights vouch for) and what it says."""
    try:
        address = parse(arrival.topic)
    except WireFault as fault:
        return None, Junk(str(fault))
    return address, _body(address, arrival.payload)


def _body(address: Address, payload: bytes) -> Body | BoxState:
    decode = _DECODE.get(address.lane)
    if decode is None:
        return Junk(f"lane {address.lane} is not read here")
    try:
        body = decode(payload)
    except WireFault as fault:
        return Junk(str(fault))
    if isinstance(body, BoxState) and body.box != address.box:
        return Junk("the state of another box")
    return body
