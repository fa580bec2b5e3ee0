"""What the edge's pure cores ask for (effects) and what they are told afterwards (outcomes): frozen values only.

A core never touches a socket, a file or a clock: it takes a `Now` and an input and returns effects; the agent (or
the simulator) carries them out and reports the outcomes. Values of the hot path are named tuples.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from edge.box.values.sequences import Sequences
from edge.box.values.streams import Ref, Stream, key_of
from edge.link.port import Peer
from shared.facts.told import Told
from shared.fleet.document import Head, SignedHead, decode_head
from shared.ids import DeviceId, LedgerId, PsamId, StorageId, StoreId
from shared.keys.document_key import DocumentKey
from shared.wire.messages import Range, Revocations, SignedAck


class Now(NamedTuple):
    """The time of an input: monotonic seconds for timeouts, Unix ms for reports, campus seconds for terminals."""

    mono_s: float
    unix_ms: int
    campus_s: int


# ---- effects -------------------------------------------------------------------------------------------------


class Send(NamedTuple):
    """Give a message to a link for one peer. It may be lost: every answer of ours is repeated when asked again."""

    link: str
    peer: Peer
    message: bytes
    urgent: bool = False


class Publish(NamedTuple):
    """Publish at QoS 1 while connected. token: named in the PUBACK that is reported back; PUBACK frees nothing.

    expiry_s: the broker delivers it no later than so many seconds from now; 0 = whenever it can.
    """

    lane: str
    payload: bytes
    token: int
    expiry_s: int = 0


class Put(NamedTuple):
    """Store one record durably, then say so: Kept or Refused.

    seen: the core believes that this seq is in the store already, so look before inserting.
    """

    stored: bytes
    digest: bytes
    at_ms: int
    seen: bool

    @property
    def key(self) -> bytes:
        """20 bytes, unique in an outbox."""
        return key_of(self.stored, self.digest)


class Settle(NamedTuple):
    """Mark exactly these outbox rows as committed by the ledger, with what follows from it, in one transaction.

    rows: inclusive ranges. refs: what they hold. marks: settled mark of each stream among them. ack: to present at
    the next connect, None to keep the one there is. floor: lowest ack number of `ledger` that may settle anything.
    apart: those of the rows that the ledger has answered without their device, and left: what these hold. No terminal
    is told of them, and the same bytes that come again go to the ledger again.
    """

    rows: tuple[Range, ...]
    refs: tuple[Ref, ...]
    marks: tuple[tuple[Stream, int], ...]
    ack: SignedAck | None
    ledger: LedgerId
    floor: int
    apart: tuple[Range, ...] = ()
    left: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class Unsettle:
    """Forget that any row above `above` was settled: the ledger is older than it was."""

    above: int
    ledger: LedgerId
    floor: int


@dataclass(frozen=True, slots=True)
class Read:
    """Give unsettled rows above row `after`, oldest first, at most `limit`. turn: comes back with them."""

    after: int
    limit: int
    turn: int


@dataclass(frozen=True, slots=True)
class KeepEpoch:
    """Remember durably which epoch the cloud gave to a (device, storage, PSAM)."""

    device: DeviceId
    storage: StorageId
    psam: PsamId
    epoch: int


@dataclass(frozen=True, slots=True)
class KeepDocument:
    """Hold this document in the place of the one of its kind and scope, with the key that proves its head.

    It is written by itself, after whatever else is due, and never with the room of the ballast.
    """

    signed: SignedHead
    key: DocumentKey
    body: bytes = field(repr=False)

    @property
    def head(self) -> Head:
        """What is signed."""
        return decode_head(self.signed.raw)


@dataclass(frozen=True, slots=True)
class KeepBackupMark:
    """Rows up to here, and no others, stand in a verified backup of the ledger. 0: none."""

    row: int


@dataclass(frozen=True, slots=True)
class KeepAddress:
    """Remember durably which address on a bus the position of a device has."""

    device: DeviceId
    link: str
    address: int


@dataclass(frozen=True, slots=True)
class KeepPart:
    """Bytes of the archive of that SHA-256 (hex), behind what is there of it: PartKept."""

    digest: str
    offset: int
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TakeRelease:
    """All of an archive is there: prove it, and put it where the next start of this box finds it: ReleaseJudged.
    officers: what they have signed, for who proves it once more."""

    number: int
    digest: str
    officers: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DropRelease:
    """It stands ready and is wanted no more: no start tries it."""

    digest: str


@dataclass(frozen=True, slots=True)
class BeginAnew:
    """End in order: the next start tries that release."""

    number: int


OfRelease = KeepPart | TakeRelease | DropRelease | BeginAnew
"""Effects that have to do with this box's own software."""
Command = Put | Settle | Unsettle | Read | KeepEpoch | KeepDocument | KeepAddress | KeepBackupMark
"""Effects that go to the outbox. Their outcomes come back, in the same order except that a Read may wait."""
Effect = Send | Publish | OfRelease | Command

# ---- what a store knows --------------------------------------------------------------------------------------


class Row(NamedTuple):
    """One row of the outbox."""

    row: int
    at_ms: int
    stored: bytes


@dataclass(frozen=True, slots=True)
class Depth:
    """How full the outbox is. oldest_ms: when the oldest unsettled row came (Unix ms), 0 if there is none."""

    last_row: int
    first_unsettled: int
    unsettled: int
    kept: int
    cap: int
    oldest_ms: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something about the store that a person must know."""

    told: Told


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the cores need of a store when they start, and again after a recovery.

    sequences: made for the receiver, who may change it. ledger and floor: see Settle; floor 0 = no ledger yet.
    """

    store: StoreId
    depth: Depth
    ack: SignedAck | None
    ledger: LedgerId | None
    floor: int
    epochs: tuple[KeepEpoch, ...]
    sequences: Sequences
    revocations: Revocations = field(default_factory=Revocations)
    documents: tuple[KeepDocument, ...] = ()
    addresses: tuple[KeepAddress, ...] = ()
    troubles: tuple[Trouble, ...] = ()


# ---- outcomes ------------------------------------------------------------------------------------------------


class Kept(NamedTuple):
    """The record is durable in this row. fresh: it was not there before. fork: other bytes of its seq are there.

    settled: it is an old row that the ledger has already.
    """

    put: Put
    row: int
    fresh: bool
    fork: bool
    settled: bool


class Refused(NamedTuple):
    """The record was not accepted, so there is no ACK. reason: cap, full, queue, damaged, collision."""

    put: Put
    reason: str


@dataclass(frozen=True, slots=True)
class Settled:
    """The settle is durable. first_unsettled: lowest row that is not settled now."""

    settle: Settle
    first_unsettled: int


@dataclass(frozen=True, slots=True)
class NotSettled:
    """The settle failed; its rows are still unsettled in the store and will be sent again."""

    settle: Settle
    reason: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Answer to a Read; fewer than its limit when there are no more. Rows that lie between were settled."""

    read: Read
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class NotRead:
    """The store could not be read now."""

    read: Read


@dataclass(frozen=True, slots=True)
class Unsettled:
    """The unsettle is durable; what the store holds now. gone: rows above the mark that it had dropped before."""

    unsettle: Unsettle
    snapshot: Snapshot
    gone: int


@dataclass(frozen=True, slots=True)
class NotUnsettled:
    """The unsettle failed; until it is done, no ack may settle anything."""

    unsettle: Unsettle
    reason: str


@dataclass(frozen=True, slots=True)
class Reloaded:
    """Rows were found damaged and set aside. What the store holds now: their terminals must be asked again."""

    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class EpochKept:
    """The epoch is durable."""

    kept: KeepEpoch


@dataclass(frozen=True, slots=True)
class AddressKept:
    """The address is durable."""

    kept: KeepAddress


@dataclass(frozen=True, slots=True)
class DocumentKept:
    """The document is durable."""

    kept: KeepDocument


@dataclass(frozen=True, slots=True)
class DocumentNotKept:
    """The document was not written, and the one before it is still there."""

    wanted: KeepDocument
    reason: str


class PartKept(NamedTuple):
    """So many bytes of that archive are there now; fewer than before when they could not be written."""

    digest: str
    size: int


class ReleaseJudged(NamedTuple):
    """why: empty, it stands ready; else why not, in one word of edge/upgrade's, and a line about it."""

    digest: str
    why: str
    words: str


Outcome = (
    Kept | Refused | Settled | NotSettled | Rows | NotRead | Unsettled | NotUnsettled | Reloaded | EpochKept
    | AddressKept | DocumentKept | DocumentNotKept | Trouble
)  # fmt: skip
