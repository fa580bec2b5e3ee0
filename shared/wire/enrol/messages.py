"""The questions of a box, each a POST of bytes to a path, and their answers. shared/wire/codec.py under all of them.

PATH_CA (a GET) gives the CA's certificate, which proves nothing until its pin is compared. PATH_TIME: a nonce, answered
by the time. PATH_ENROL: a code's proof and a request (CSR); the answer is sealed to the key of the request, so that the
door that hands it on reads nothing. PATH_RENEW: the certificate that ends, however long ago, and a request of the same
key. An answer is a state and bytes; a refusal says a reason, which never tells whether a code exists.
"""

from enum import IntEnum, StrEnum
from typing import NamedTuple

from shared.errors import WireFault
from shared.wire import codec
from shared.wire.enrol.code import ID_SIZE

PATH_CA, PATH_TIME, PATH_ENROL, PATH_RENEW = "/v1/ca", "/v1/time", "/v1/enrol", "/v1/renew"
PATHS = (PATH_TIME, PATH_ENROL, PATH_RENEW)
ASK_MAX = 16 * 1024
"""Bytes of a question; a request and a certificate take 2 KB."""
ANSWER_MAX = codec.MESSAGE_MAX
"""Bytes of an answer: the settings of a box with 200 terminals take 40 KB."""
CERTIFICATE_MAX = 8 * 1024
PROOF_SIZE = 32
NONCE_SIZE = 16
FILES_MAX = 16
WAIT_S = 2.0
"""So often a box asks again while a person compares the words."""


class State(IntEnum):
    """What an answer is. Numbers of the wire: never changed."""

    GRANTED = 0
    WAITING = 1
    """A person has to compare the four words first."""
    REFUSED = 2


class Why(StrEnum):
    """Of a refusal. Words of the wire: never changed."""

    CODE = "code"
    """No such code, or it was not proved."""
    LOCKED = "locked"
    """Tried wrongly too often: a new code is needed."""
    EXPIRED = "expired"
    USED = "used"
    """Another key came first."""
    REJECTED = "rejected"
    """A person found other words."""
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    """Not a certificate of a box of this campus."""
    MALFORMED = "malformed"


class EnrolAsk(NamedTuple):
    """A code's id and proof over this request; typed: without a pin, so a person has to compare words."""

    id: str
    proof: bytes
    typed: bool
    request: bytes

    def encode(self) -> bytes:
        """As bytes."""
        return codec.pack(list(self))


class RenewAsk(NamedTuple):
    """The certificate that ends, and a request signed by its key."""

    certificate: bytes
    request: bytes

    def encode(self) -> bytes:
        """As bytes."""
        return codec.pack(list(self))


class Answer(NamedTuple):
    """State, and what belongs to it: sealed bytes, a certificate, the time; a reason's text when refused."""

    state: State
    body: bytes = b""

    def encode(self) -> bytes:
        """As bytes."""
        return codec.pack([self.state.value, self.body])

    @property
    def why(self) -> str:
        """Of a refusal."""
        return self.body.decode("ascii", "replace")


class Grant(NamedTuple):
    """What a box gets: its id and certificate, where the broker is, and the files of its folder."""

    box: str
    certificate: bytes
    broker: str
    files: tuple[tuple[str, bytes], ...]

    def __repr__(self) -> str:
        return f"Grant({self.box}, {len(self.files)} files)"

    def encode(self) -> bytes:
        """As bytes."""
        return codec.pack([self.box, self.certificate, self.broker, [list(one) for one in self.files]])


def refused(why: Why) -> Answer:
    """A refusal."""
    return Answer(State.REFUSED, why.value.encode())


def enrol_ask(raw: bytes) -> EnrolAsk:
    """WireFault."""
    asked = EnrolAsk(*codec.fields(_bounded(raw, ASK_MAX), str, bytes, bool, bytes, what="enrol"))
    if len(asked.id) != ID_SIZE or len(asked.proof) != PROOF_SIZE:
        raise WireFault("enrol: a field has the wrong size")
    return asked


def renew_ask(raw: bytes) -> RenewAsk:
    """WireFault."""
    return RenewAsk(*codec.fields(_bounded(raw, ASK_MAX), bytes, bytes, what="renew"))


def time_ask(nonce: bytes) -> bytes:
    """The question."""
    return codec.pack([nonce])


def time_nonce(raw: bytes) -> bytes:
    """Of a question; WireFault."""
    (nonce,) = codec.fields(_bounded(raw, ASK_MAX), bytes, what="time")
    if len(nonce) != NONCE_SIZE:
        raise WireFault("time: a nonce has 16 bytes")
    return bytes(nonce)


def time_answer(unix_ms: int, nonce: bytes) -> Answer:
    """The time, for this question."""
    return Answer(State.GRANTED, codec.pack([unix_ms, nonce]))


def time_of(answer: Answer, nonce: bytes) -> int:
    """Unix milliseconds; WireFault when it answers another question."""
    unix_ms, echoed = codec.fields(codec.unpack(answer.body), int, bytes, what="time")
    if echoed != nonce:
        raise WireFault("time: an answer to another question")
    return int(unix_ms)


def answer_of(raw: bytes) -> Answer:
    """WireFault."""
    state, body = codec.fields(_bounded(raw, ANSWER_MAX), int, bytes, what="answer")
    try:
        return Answer(State(state), body)
    except ValueError as fault:
        raise WireFault(f"answer: state {state}") from fault


def grant_of(raw: bytes) -> Grant:
    """WireFault."""
    box, certificate, broker, rows = codec.fields(codec.unpack(raw), str, bytes, str, list, what="grant")
    if len(rows) > FILES_MAX:
        raise WireFault("grant: too many files")
    files = [codec.fields(row, str, bytes, what="file") for row in rows]
    return Grant(box, certificate, broker, tuple((name, body) for name, body in files))


def _bounded(raw: bytes, most: int) -> list[object]:
    if len(raw) > most:
        raise WireFault(f"{len(raw)} bytes, at most {most}")
    return codec.unpack(raw)
