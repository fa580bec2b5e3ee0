"""Accounts of docked devices: a name, how it speaks, where it may; of its secret only a seal is kept. Pure.

An account's user has a dot in it, which no box's id has: so it is never taken for a box, whatever the broker's list of
rights says of boxes.
"""

import base64
import hashlib
import hmac
import re
from enum import StrEnum
from typing import NamedTuple

from cloud.watch.docking.sparkplug.topics import Source, is_id
from shared.errors import ConfigFault
from shared.words.voice import Text

ACCOUNTS_MAX = 200
SECRET_BYTES = 24
SALT_BYTES = 12
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
USER = "dock."
HOST_USER, NODE_USER = "docking.host", "docking.node"
"""Our own sessions: as a host, and as an edge node."""
OWN_USERS = (HOST_USER, NODE_USER)
JSON_GROUP = "json"
"""Group of what came by a mapping; nobody who speaks Sparkplug is let into it."""
_ROUNDS = 101
_SEAL = "$7$"
_PLAIN = re.compile(r"[A-Za-z0-9._ -]{1,64}")


class Speech(StrEnum):
    """How a device speaks. A promise: added to, never renamed."""

    SPARKPLUG = "sparkplug"
    MQTT = "mqtt"
    """JSON on topics of its own, understood by a mapping."""
    HTTP = "http"
    """JSON by POST, understood by a mapping."""


class Account(NamedTuple):
    """One. seal: of its secret; group, node: where it stands."""

    name: str
    speech: Speech
    group: str
    node: str
    seal: str

    @property
    def user(self) -> str:
        """What it calls itself at a broker."""
        return USER + self.name

    @property
    def source(self) -> Source:
        """Its node."""
        return Source(self.group, self.node)


def account(name: str, speech: Speech, group: str, node: str, seal: str) -> Account:
    """One that may be. ConfigFault: a name, group or node that is none."""
    if not NAME.fullmatch(name):
        told = Text("名称：1 至 32 个小写字母、数字、连字符", "a name: 1 to 32 small letters, digits and hyphens")
        raise ConfigFault(told)
    if speech is not Speech.SPARKPLUG:
        return Account(name, speech, JSON_GROUP, name, seal)
    plain = all(_PLAIN.fullmatch(one) and one == one.strip() and is_id(one) for one in (group, node))
    if not plain or group in (JSON_GROUP, "STATE"):
        raise ConfigFault(
            Text(
                "组、节点：1 至 64 个字母、数字、点、空格、_、-；组不能是 json、STATE",
                "group and node: 1 to 64 letters, digits, dots, spaces, _ or -; a group is not json or STATE",
            )
        )
    return Account(name, speech, group, node, seal)


def sealed(secret: str, salt: bytes) -> str:
    """As mosquitto keeps it ($7$, PBKDF2 of SHA-512): the secret is random and long, so few rounds do."""
    digest = hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, _ROUNDS)
    return f"{_SEAL}{_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def opens(seal: str, secret: str) -> bool:
    """Is it this one's secret?"""
    if not seal.startswith(_SEAL):
        return False
    salt = base64.b64decode(seal.split("$")[3])
    return hmac.compare_digest(seal, sealed(secret, salt))
