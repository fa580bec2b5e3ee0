"""Questions to the enrolment door: HTTPS, TLS 1.2 or newer, bounded in time and size.

The CA is pinned or what the box has already; where neither is there (a typed code), the CA that the door shows is taken
for this conversation, and the code's proof, which binds it, does the rest: one in the middle has another CA. Dates of
certificates are not looked at here where the clock is in doubt: the door's own answer says what time it is.
"""

import http.client
import secrets
import ssl
from dataclasses import dataclass

from edge.process.identity.own import look_at
from shared.errors import LinkFault, WireFault
from shared.input.endpoint import host_port
from shared.wire.enrol.code import pin_of
from shared.wire.enrol.messages import (
    ANSWER_MAX,
    CERTIFICATE_MAX,
    NONCE_SIZE,
    PATH_CA,
    PATH_TIME,
    Answer,
    answer_of,
    time_ask,
    time_of,
)
from shared.words.voice import Text

ASK_S = 10.0
NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which Python has no name for."""
OK = 200
TOO_OFTEN = 429


class NotOurCa(WireFault):
    """Happens when the door shows another CA than the pin names."""


@dataclass(frozen=True, slots=True)
class DoorSetting:
    """Where the door is, and whose certificates count there (PEM). is_dated: is the clock good enough for dates?"""

    server: str
    ca: bytes
    is_dated: bool = True


def fetch_ca(server: str, pin: bytes) -> bytes:
    """The CA's certificate (PEM), which is the pin's; with an empty pin what the door shows. LinkFault, WireFault."""
    raw = _exchange(server, _blind(), "GET", PATH_CA, b"", CERTIFICATE_MAX)
    if pin and ca_pin(raw) != pin:
        raise NotOurCa(Text("CA 与二维码不符：有人冒充？", "another CA than the QR's: is somebody in between?"))
    return raw


def ca_pin(pem: bytes) -> bytes:
    """Of a CA's certificate; WireFault."""
    return pin_of(look_at(pem).spki)


def ask(door: DoorSetting, path: str, question: bytes) -> Answer:
    """One question. LinkFault: ask again later; WireFault: that was no answer."""
    return answer_of(_exchange(door.server, context_of(door), "POST", path, question, ANSWER_MAX))


def fetch_time(door: DoorSetting) -> int:
    """Unix milliseconds, said by a door of our CA. LinkFault, WireFault."""
    nonce = secrets.token_bytes(NONCE_SIZE)
    return time_of(ask(door, PATH_TIME, time_ask(nonce)), nonce)


def context_of(door: DoorSetting) -> ssl.SSLContext:
    """Of a client that knows this CA alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=door.ca.decode("ascii", "replace"))
    if not door.is_dated:
        context.verify_flags |= NO_CHECK_TIME
    return context


def _blind() -> ssl.SSLContext:
    """For what is public and proves nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _exchange(server: str, context: ssl.SSLContext, method: str, path: str, body: bytes, most: int) -> bytes:
    host, port = host_port(server, "--server")
    call = http.client.HTTPSConnection(host, port, timeout=ASK_S, context=context)
    try:
        call.request(method, path, body or None)
        answer = call.getresponse()
        raw = answer.read(most + 1)
    except (OSError, http.client.HTTPException) as fault:
        why = str(fault)[:200] or type(fault).__name__
        raise LinkFault(Text(f"入网服务 {server} 无应答：{why}", f"no answer of the door {server}: {why}")) from fault
    finally:
        call.close()
    if answer.status == TOO_OFTEN:
        raise LinkFault(Text("问得太多，稍后再试", "asked too often, try later"))
    if answer.status != OK:
        raise LinkFault(Text(f"入网服务 {server}：{answer.status}", f"the door {server}: {answer.status}"))
    if len(raw) > most:
        raise WireFault(f"an answer of more than {most} bytes")
    return raw
