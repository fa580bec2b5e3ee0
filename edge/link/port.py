"""The seam between messages and wires: what an edge and a terminal may ask of any link (CAN, RS-485, TCP).

A link moves whole messages, 1 to 4095 bytes, between the edge and numbered peers and reads none of them.
It promises no delivery: only the application's own ACK frees a record. It refuses messages of other sizes.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, Protocol, runtime_checkable

# An address 0x01..0xDF on CAN and RS-485; on TCP the number of a connection, from 1, never used again.
Peer = int

# "All peers": no address and no connection has this number. A broadcast is one CAN frame, so it has a bound.
EVERYONE: Peer = 0

# Those on a bus that have no address yet: what comes from there is the device number of one that claims an address,
# what goes there is a device number and its address. Only a CAN bus has them.
CLAIMANTS: Peer = -1

MESSAGE_MAX_BYTES = 4095
BROADCAST_MAX_BYTES = 7
FIRST_TERMINAL = 0x01
LAST_TERMINAL = 0xDF


class MessageSizeError(ValueError):
    """The caller offered an empty message or one above MESSAGE_MAX_BYTES: a defect, not bus trouble."""


class NotListeningError(RuntimeError):
    """`run` was called before anybody asked for messages: they would be lost without a word."""


class CallFault(StrEnum):
    """Why a call was refused before a message could be said. See RefusedCall."""

    PLAIN = "plain"
    UNKNOWN = "unknown"
    WRONG_KEY = "wrong-key"
    UNBELIEVED = "unbelieved"
    BROKEN = "broken"
    BUSY = "busy"


class RefusedCall(NamedTuple):
    """A call at a TLS port that was refused: from which address, and as whom (what it said, nothing is proven).

    plain: it spoke without TLS; unknown, wrong-key: of its pre-shared key; unbelieved: of its certificate; broken: all
    else, detail in the library's word; busy: more handshakes were begun in this second than are made.
    """

    why: CallFault
    address: str
    identity: str = ""
    detail: str = ""


class BusReport(NamedTuple):
    """What a controller counts of its bus's errors, since its link began; two of them, subtracted, are a growth.

    tec_sum, rec_sum: all increments of its two error counters, which themselves fall again; peaks: the highest it has
    seen; offs: how often it was bus-off; frames: what it has sent; throttled: how often its own quota held it back;
    junk: frames that made no sense, by who sent them; heard: frames that others have sent; passives: how often it has
    become error-passive; tec, rec: the two counters as they stand; bits: of all frames that it has sent and heard, with
    the stuffing that there is on average.
    """

    tec_sum: int = 0
    rec_sum: int = 0
    tec_peak: int = 0
    rec_peak: int = 0
    offs: int = 0
    frames: int = 0
    throttled: int = 0
    junk: Mapping[Peer, int] = MappingProxyType({})
    heard: int = 0
    passives: int = 0
    tec: int = 0
    rec: int = 0
    bits: int = 0

    @property
    def errors(self) -> int:
        """Any growth of this is an error that this node has seen."""
        return self.tec_sum + self.rec_sum + self.offs


@runtime_checkable
class OnBus(Protocol):
    """A link whose wire counts errors."""

    def bus(self) -> BusReport:
        """What it counts now."""
        ...


@runtime_checkable
class CanLeave(Protocol):
    """A link whose node can be no part of its wire for a while."""

    def leave(self, seconds: float) -> None:
        """Neither a frame nor a flag nor an acknowledgement for so long."""
        ...


def require_message_size(message: bytes, peer: Peer) -> None:
    """Refuse what no link can carry to that peer; raises MessageSizeError."""
    most = BROADCAST_MAX_BYTES if peer == EVERYONE else MESSAGE_MAX_BYTES
    if not 1 <= len(message) <= most:
        raise MessageSizeError(f"a message to peer {peer} has 1..{most} bytes, not {len(message)}")


class MessageLink(Protocol):
    """The edge's side: many peers.

    Callbacks run on the event loop of `run`, one message at a time; they must not block. A callback that
    raises is its owner's defect and is not swallowed. Register both callbacks before `run` starts.
    """

    async def send(self, peer: Peer, message: bytes, urgent: bool = False) -> bool:
        """Take a message for one peer, or a short one for EVERYONE.

        False: not taken (peer gone, wire lost, or a queue bound reached); try later.

        True means queued or sent, never delivered. Never raises for bus trouble; MessageSizeError for a
        bad size.
        """
        ...

    def on_message(self, callback: Callable[[Peer, bytes], None]) -> None:
        """Say who hears whole messages: callback(peer, message)."""
        ...

    def on_peer(self, callback: Callable[[Peer, bool], None]) -> None:
        """Say who hears that a peer appeared (True) or is gone (False); on CAN and RS-485 only a hint."""
        ...

    def ask_proven(self, callback: Callable[[Peer], bool]) -> None:
        """Say who knows whether a peer has proven who it is: where peers are bounded, such a one keeps its place."""
        ...

    async def run(self) -> None:
        """Serve until cancelled; opens the wire and closes it again, and reopens it after trouble."""
        ...

    def counters(self) -> Mapping[str, int]:
        """Totals since the start.

        On every link: messages_in, messages_out, refused (not taken), errors (malformed input, bus errors),
        overflow (input lost for want of room), reopened (the wire was lost); more where a link has more.
        """
        ...


class TerminalLink(Protocol):
    """The terminal's side: the same promises with one peer, the edge."""

    async def send(self, message: bytes, urgent: bool = False) -> bool:
        """Take a message for the edge; see MessageLink.send."""
        ...

    def on_message(self, callback: Callable[[bytes], None]) -> None:
        """Say who hears whole messages from the edge (broadcasts included)."""
        ...

    def on_wire(self, callback: Callable[[bool], None]) -> None:
        """Say who hears that the wire is there (True: connected, bus or port open) or lost (False)."""
        ...

    def renew(self) -> None:
        """Give up what this end stands on, for the edge is not heard over it: on TCP the connection, which may be half
        open; a bus and a line are what they are."""
        ...

    async def run(self) -> None:
        """Serve until cancelled; see MessageLink.run."""
        ...

    def counters(self) -> Mapping[str, int]:
        """Totals since the start; see MessageLink.counters."""
        ...
