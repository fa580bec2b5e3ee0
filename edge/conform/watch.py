"""What is held against everything that a terminal says, whatever is being checked: the laws of the bench. Pure."""

from dataclasses import dataclass

from edge.conform.report import Seen, Transcript
from shared import records
from shared.errors import WireFault
from shared.wire.messages import EpochStatus
from shared.words.voice import Text

PROOF, KNOWN, SAME_BYTES, ORDER, WINDOW, RECORD, STATUS = (
    "envelope.proof", "messages.known", "record.same_bytes", "record.order", "flow.window", "record.bytes",
    "status.bounds",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Breach:
    """The first one of a law."""

    why: Text
    seen: tuple[Seen, ...]


class Watch:
    """transcript: what was said last, both ways; window: records that may be in flight on this wire."""

    def __init__(self, window: int) -> None:
        self.transcript = Transcript()
        self.breaches: dict[str, Breach] = {}
        self.bytes_of: dict[tuple[int, int], bytes] = {}
        self.statuses = 0
        self.sealed = 0
        self._window = window

    def breach(self, law: str, why: Text) -> None:
        """The first one counts."""
        self.breaches.setdefault(law, Breach(why, self.transcript.newest))

    def record(self, epoch: int, wire: bytes, acked: int, seen: int) -> int:
        """A RECORD came; its seq, 0 for what is none. seen: contiguous so far."""
        if not records.HEAD.size <= len(wire) <= records.WIRE_MAX or wire[4:8] == bytes(4):
            self.breach(RECORD, Text(f"RECORD 长 {len(wire)} 或无序号", f"RECORD of {len(wire)} bytes or without seq"))
            return 0
        self._decoded(wire)
        seq = int.from_bytes(wire[4:8], "big")
        known = self.bytes_of.setdefault((epoch, seq), wire)
        if known != wire:
            why = Text(f"序号 {seq} 先后内容不同", f"seq {seq} came with other bytes: before {known.hex()}")
            self.breach(SAME_BYTES, why)
        if seq > seen + 1:
            self.breach(ORDER, Text(f"序号 {seq} 之前缺记录", f"seq {seq} came before seq {seen + 1}"))
        if seq > acked + self._window:
            why = Text(f"未应答的记录超过 {self._window} 条", f"more than {self._window} records in flight: seq {seq}")
            self.breach(WINDOW, why)
        return seq

    def status(self, rows: tuple[EpochStatus, ...], seen: dict[int, int]) -> None:
        """A STATUS came."""
        self.statuses += 1
        for row in rows:
            if not row.settled < row.oldest <= row.last + 1:
                said = f"{row.settled}, {row.oldest}, {row.last}"
                self.breach(STATUS, Text(f"已入账、最旧、最新不合：{said}", f"settled, oldest, last: {said}"))
            if row.last < seen.get(row.epoch, 0):
                why = Text(f"最新序号倒退到 {row.last}", f"its last seq went back to {row.last}")
                self.breach(STATUS, why)

    def _decoded(self, wire: bytes) -> None:
        try:
            records.decode(wire)
        except WireFault as fault:
            self.breach(RECORD, Text(f"记录无法解读：{fault}", f"a record that is none: {fault}"))
