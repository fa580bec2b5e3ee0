"""Every MQTT topic, and who may use it: broker rights are generated from here, nowhere else.

DESIGN 5: oykt/v1/pNN/{box}/up/now|money|bulk, …/down/now|money|bulk, …/state. `now` carries what cannot wait
(alarms, online requests, epoch requests, a copy of each load record), `money` records oldest first, `up/bulk`
metrics and logs: only those may be dropped. `down/bulk` carries documents of the fleet, in pages.
"""

from functools import lru_cache
from typing import NamedTuple

from shared.errors import WireFault
from shared.ids import PARTITIONS, BoxId, box_id

ROOT = "oykt/v1"
UP_NOW, UP_MONEY, UP_BULK = "up/now", "up/money", "up/bulk"
DOWN_NOW, DOWN_MONEY, DOWN_BULK = "down/now", "down/money", "down/bulk"
STATE = "state"
UPWARD = (UP_NOW, UP_MONEY, UP_BULK, STATE)
DOWNWARD = (DOWN_NOW, DOWN_MONEY, DOWN_BULK)
_LANES = frozenset(UPWARD + DOWNWARD)
TOPICS_MAX = 512
"""Topics remembered, so that the same few need not be taken apart for every message; only ours ever are."""
INGEST_USER = "cloud-ingest"
"""Common name of the ingest's client certificate."""
WATCH_USER = "cloud-watch"
"""Common name of the watch's."""
BROKER_OWN = "$SYS/broker/#"
"""What the broker says of itself."""


class Address(NamedTuple):
    """A topic taken apart."""

    partition: int
    box: BoxId
    lane: str


@lru_cache(maxsize=TOPICS_MAX)
def topic(partition: int, box: BoxId, lane: str) -> str:
    """The topic of one lane of one box."""
    if not 0 <= partition < PARTITIONS or lane not in _LANES:
        raise WireFault(f"no such topic: partition {partition}, lane {lane}")
    return f"{ROOT}/p{partition:02d}/{box}/{lane}"


@lru_cache(maxsize=TOPICS_MAX)
def parse(text: str) -> Address:
    """Address of a topic; WireFault when it is not one of ours."""
    parts = text.split("/", 4)
    if len(parts) != 5 or "/".join(parts[:2]) != ROOT or parts[4] not in _LANES:
        raise WireFault(f"not a topic of ours: {text[:80]!r}")
    number = parts[2]
    if len(number) != 3 or number[0] != "p" or not number[1:].isdecimal() or int(number[1:]) >= PARTITIONS:
        raise WireFault(f"not a partition: {number[:8]!r}")
    return Address(int(number[1:]), box_id(parts[3]), parts[4])


def subscriptions(lane: str) -> list[str]:
    """Filter of one upward lane over every partition and box (one ingest range; DESIGN 11)."""
    return [f"{ROOT}/+/+/{lane}"]


def acl_rules(boxes: list[tuple[BoxId, int]]) -> dict[str, list[tuple[str, str]]]:
    """user → [(read|write, topic filter)]: a box writes only as itself, the ingest reads what counts and
    answers all, the watch hears what may be lost and says nothing."""
    rules: dict[str, list[tuple[str, str]]] = {
        box: [("write", topic(nn, box, lane)) for lane in UPWARD] for box, nn in boxes
    }
    for box, nn in boxes:
        rules[box] += [("read", topic(nn, box, lane)) for lane in DOWNWARD]
    ingest = [("read", f"{ROOT}/+/+/{lane}") for lane in UPWARD if lane != UP_BULK]
    watch = [("read", f"{ROOT}/+/+/{UP_BULK}"), ("read", BROKER_OWN)]
    answers = [("write", f"{ROOT}/+/+/{lane}") for lane in DOWNWARD]
    return {**rules, INGEST_USER: ingest + answers, WATCH_USER: watch}
