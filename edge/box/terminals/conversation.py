"""A joined terminal as this box sees it: its session, its epochs, and what it was last told of each. Pure.

Numbers are per join: what a terminal does not know of itself (its AUTH names its last record) is never told as held
or settled, so that a body put back to an older flash sends its new records instead of dropping them.
"""

from edge.box.values.effects import Now
from edge.box.values.ranges import Ranges
from edge.box.values.sequences import Sequences
from edge.box.values.streams import Stream, stream_of
from edge.link.messages import AuthEpoch, Hello, Status
from edge.link.port import CLAIMANTS, Peer
from edge.link.seal import Session
from edge.settings import TerminalSetting
from shared.ids import PsamId
from shared.records import STORED
from shared.wire.messages import NOBODY_AWAITED

Place = tuple[str, Peer]
"""Link and peer."""


class EpochView:
    """One epoch of a conversation. held: contiguous; told: the highest SETTLED it was sent or has confirmed."""

    __slots__ = ("_above", "epoch", "held", "prefix", "psam", "stream", "told")

    def __init__(self, stream: Stream, epoch: int, psam: PsamId, held: int, above: Ranges) -> None:
        self.stream = stream
        self.epoch = epoch
        self.psam = psam
        self.prefix = STORED.pack(stream[:6], epoch, psam)
        self.held = held
        self.told = 0
        self._above = above

    def keep(self, seq: int) -> None:
        """This seq is durable here."""
        if seq == self.held + 1 and not self._above:
            self.held = seq
        elif seq > self.held:
            self._above.add(seq)
            self._advance(self._above.run(self.held))

    def rebase(self, base: int) -> None:
        """The terminal proves that it has been told SETTLED for all up to `base`."""
        if base > self.held:
            self._advance(self._above.run(base))

    def _advance(self, held: int) -> None:
        if held > self.held:
            self.held = held
            self._above.remove(1, held)

    def settled(self, sequences: Sequences) -> int:
        """What SETTLED may say: never above what was ACKed to this body."""
        return min(sequences.mark(self.stream), self.held)


def place_text(place: Place) -> str:
    """As facts tell it."""
    link, peer = place
    return link if peer == CLAIMANTS else f"{link}:{peer}"


class Conversation:
    """A proven terminal at one place. `epochs` has the order of WELCOME: the index of every envelope."""

    __slots__ = (
        "awaited", "awaited_said", "contested", "current", "epochs", "heard_ms", "heard_s", "hello", "last_seq",
        "open_slots", "place", "seal", "settled_s", "terminal", "time_s", "unsent",
    )  # fmt: skip

    def __init__(self, terminal: TerminalSetting, place: Place, hello: Hello, seal: Session, now: Now) -> None:
        self.terminal = terminal
        self.place = place
        self.hello = hello
        self.seal = seal
        self.current = 0
        self.epochs: list[EpochView] = []
        self.settled_s = self.time_s = float("-inf")
        self.awaited, self.awaited_said = NOBODY_AWAITED, 0
        """The list of awaited cards that it was told last, and its number; a terminal that joins holds none."""
        self.contested = False
        self.last_seq = self.unsent = self.open_slots = 0
        self.heard(now)

    def heard(self, now: Now) -> None:
        """Something came from its place."""
        self.heard_s = now.mono_s
        self.heard_ms = now.unix_ms

    def view(self, stream: Stream) -> EpochView | None:
        """The view of a stream, if the conversation speaks of it."""
        for view in self.epochs:
            if view.stream == stream:
                return view
        return None

    def note(self, status: Status) -> None:
        """Remember what a STATUS says, for the box's own state."""
        self.open_slots = sum(epoch.open_slots for epoch in status.epochs)
        self.last_seq = max((epoch.last for epoch in status.epochs if epoch.epoch == self.current), default=0)
        self.unsent = sum(self._unsent(epoch.epoch, epoch.last) for epoch in status.epochs)

    def _unsent(self, epoch: int, last: int) -> int:
        return next((max(0, last - view.held) for view in self.epochs if view.epoch == epoch), 0)


def view_of(device: bytes, epoch: AuthEpoch, sequences: Sequences) -> EpochView:
    """The view at a join. The terminal's oldest unsettled seq is its own proven word for all below it."""
    stream = stream_of(device, epoch.epoch)
    sequences.rebase(stream, epoch.oldest - 1)
    above = sequences.held_upto(stream, epoch.last)
    held = above.run(epoch.oldest - 1)
    above.remove(1, held)
    return EpochView(stream, epoch.epoch, epoch.psam, held, above)
