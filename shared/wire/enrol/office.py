"""What may be asked of the signer 签发进程, and by whom. Frames as those of the key process (shared/wire/keyproc.py).

DOOR is the HTTPS door's socket: a box's questions, passed on as they came. OFFICE is for persons: codes, words, lists.
Whoever has the door's socket can ask what any box can ask, and nothing else.
"""

from enum import StrEnum
from typing import NamedTuple

from shared.errors import WireFault
from shared.wire import codec


class Side(StrEnum):
    """Who may ask at a socket."""

    DOOR = "door"
    OFFICE = "office"


class Op(StrEnum):
    """Operations.

    ENROL, RENEW: [bytes of the question] → bytes of the answer. CA: [] → the CA's certificate (PEM).
    ADD: [box, hours, approve, who] → [code, expires (Unix s), text of the QR].
    LIST: [] → rows of a Row. COMPARED: [box, key (DER), same, who] → true.
    CANCEL: [box, who] → true. REVOKE: [box, reason, who] → the list's number.
    STANDING: [] → fields of Standing.
    """

    ENROL = "enrol"
    RENEW = "renew"
    CA = "ca"
    ADD = "add"
    LIST = "list"
    COMPARED = "compared"
    CANCEL = "cancel"
    REVOKE = "revoke"
    STANDING = "standing"


ALLOWED = {
    Side.DOOR: frozenset((Op.ENROL, Op.RENEW, Op.CA)),
    Side.OFFICE: frozenset((Op.ADD, Op.LIST, Op.COMPARED, Op.CANCEL, Op.REVOKE, Op.STANDING)),
}
HOURS_MAX = 72
STANDING_FILE = "enrolment.json"
"""In the cloud's folder: fields of Standing, and `at` (Unix s), as the signer says them each second."""
DOOR_SOCKET, OFFICE_SOCKET = "enrol-door.sock", "enrol-office.sock"
"""In a run's folder of sockets."""


class Row(NamedTuple):
    """One box. step: of its code, empty: none; times in Unix seconds, 0: none. owed: a session of a revoked certificate
    may live still; cut: the list that the last one was cut by."""

    box: str
    step: str
    key: bytes
    expires_s: int
    wrong: int
    stolen: int
    ends_s: int
    certificates: int
    revoked_s: int
    reason: str
    owed: bool
    cut: int


class Standing(NamedTuple):
    """Of the revocation list: its number, the number that the broker was proved to have, days left, what hinders."""

    number: int
    proved: int
    days: int
    hinders: str
    wrong: int
    stolen: int


def row_of(raw: object) -> Row:
    """WireFault."""
    types = str, str, bytes, int, int, int, int, int, int, str, bool, int
    return Row(*codec.fields(_list(raw), *types, what="box"))


def standing_of(raw: object) -> Standing:
    """WireFault."""
    return Standing(*codec.fields(_list(raw), int, int, int, str, int, int, what="standing"))


def _list(raw: object) -> list[object]:
    if not isinstance(raw, list):
        raise WireFault("not a row")
    return raw
