"""Knocks at a broker's door: mutual TLS and one CONNECT of MQTT 5, written by hand, and what came of it.

A door that refuses a certificate may say so in the handshake or, with TLS 1.3, at the first read behind it. Who is let
in says DISCONNECT and goes. A client id that another session has is taken from it: that is how a session is cut.
"""

import socket
import ssl
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

KNOCK_S = 5.0
_CONNACK = 0x20
_BYE = b"\xe0\x00"


class Heard(Enum):
    """What a door says."""

    LET_IN = "let in"
    REFUSED = "refused"
    AWAY = "away"
    """Nobody there, or no answer in KNOCK_S: it says nothing of the certificate."""


@dataclass(frozen=True, slots=True)
class Knocker:
    """Who knocks: a certificate, its key, and the CA that the broker must be of."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class DoorPlace:
    """Host and port."""

    host: str
    port: int


def knock(door: DoorPlace, who: Knocker, client_id: str) -> Heard:
    """Never raises; who has no certificate to show has heard nothing."""
    try:
        context = ssl.create_default_context(cafile=who.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(who.certificate, who.key)
        raw = socket.create_connection((door.host, door.port), KNOCK_S)
    except OSError:
        return Heard.AWAY
    with raw:
        try:
            with context.wrap_socket(raw, server_hostname=door.host) as line:
                return _connected(line, client_id)
        except ssl.SSLCertVerificationError:
            return Heard.AWAY  # not our broker
        except (ssl.SSLError, ConnectionError):
            return Heard.REFUSED
        except OSError:
            return Heard.AWAY


def _connected(line: ssl.SSLSocket, client_id: str) -> Heard:
    line.sendall(connect_packet(client_id))
    head = line.recv(4)
    if len(head) < 4 or head[0] != _CONNACK:
        return Heard.REFUSED
    if head[3] >= 0x80:
        return Heard.REFUSED
    line.sendall(_BYE)
    return Heard.LET_IN


def connect_packet(client_id: str) -> bytes:
    """MQTT 5, a clean start, 30 s of keep-alive, no properties."""
    name = client_id.encode("ascii")
    body = b"\x00\x04MQTT\x05\x02\x00\x1e\x00" + len(name).to_bytes(2, "big") + name
    return b"\x10" + bytes((len(body),)) + body
