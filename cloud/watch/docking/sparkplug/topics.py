"""The topics of Sparkplug B 3.0, both ways, and the messages that go onto them. Pure."""

import re
from enum import StrEnum
from typing import NamedTuple

from shared.errors import WireFault

NAMESPACE = "spBv1.0"
STATE = "STATE"
ID_MAX = 128
"""Characters."""
_ID = re.compile(rf"[^+#/\x00-\x1f\x7f-\x9f\ud800-\udfff]{{1,{ID_MAX}}}")


class Verb(StrEnum):
    """What a message of a node is. A promise of the standard."""

    NBIRTH = "NBIRTH"
    NDEATH = "NDEATH"
    NDATA = "NDATA"
    NCMD = "NCMD"
    DBIRTH = "DBIRTH"
    DDEATH = "DDEATH"
    DDATA = "DDATA"
    DCMD = "DCMD"

    @property
    def is_of_device(self) -> bool:
        """A device's; otherwise the node's own."""
        return self.value.startswith("D")

    @property
    def is_command(self) -> bool:
        """From a host to a node."""
        return self in (Verb.NCMD, Verb.DCMD)


class Source(NamedTuple):
    """Who speaks: a node of a group, or one of its devices."""

    group: str
    node: str
    device: str = ""

    @property
    def of_node(self) -> "Source":
        """Its node."""
        return self._replace(device="")


class Topic(NamedTuple):
    """One that a node or a host publishes on."""

    verb: Verb
    source: Source


class StateTopic(NamedTuple):
    """The one on which a host says that it is there."""

    host: str


class Publish(NamedTuple):
    """What is to be published. qos 0 and not retained, but for STATE and a will."""

    topic: str
    payload: bytes
    qos: int = 0
    is_retained: bool = False


def is_id(text: str) -> bool:
    """May it be a group, node, device or host?"""
    return _ID.fullmatch(text) is not None


def topic_of(verb: Verb, source: Source) -> str:
    """The topic. ValueError: an id that is none, or a device where none belongs, or none where one does."""
    ids = [source.group, source.node] + [source.device] * verb.is_of_device
    if not all(map(is_id, ids)) or bool(source.device) != verb.is_of_device:
        raise ValueError("ids that make no topic")
    return "/".join((NAMESPACE, source.group, verb, *ids[1:]))


def state_topic(host: str) -> str:
    """Where that host says that it is there. ValueError: no id."""
    if not is_id(host):
        raise ValueError("no id of a host")
    return f"{NAMESPACE}/{STATE}/{host}"


def read_topic(text: str) -> Topic | StateTopic:
    """What that topic is. WireFault: none of ours."""
    parts = text.split("/")
    if len(parts) not in (3, 4, 5) or parts[0] != NAMESPACE or not all(map(is_id, parts[1:])):
        raise WireFault("a topic that is none")
    if len(parts) == len((NAMESPACE, STATE, "host")):
        if parts[1] != STATE:
            raise WireFault("a topic that is none")
        return StateTopic(parts[2])
    return Topic(_verb(parts[2], len(parts)), Source(parts[1], *parts[3:]))


def _verb(text: str, count: int) -> Verb:
    try:
        verb = Verb(text)
    except ValueError as fault:
        raise WireFault("a message of an unknown kind") from fault
    if verb.is_of_device != (count == len((NAMESPACE, "group", verb, "node", "device"))):
        raise WireFault("a topic with a device too many or too few")
    return verb
