"""What a body writes out at length for people: the slip of a shift 结班单, and its log. Pure; text in both languages.

No key, no MAC, no PIN is in either: of a card its last two bytes, of records what a statement shows.
"""

from collections.abc import Iterable, Iterator

from edge.terminal.firmware.saying import LENGTH_MAX
from edge.terminal.store.flash import Flash
from edge.terminal.store.shift import Slip
from shared.clocks.clock import time_text
from shared.errors import WireFault
from shared.money import yuan
from shared.records import Kind, decode
from shared.words.voice import Text

RECORDS_MAX = 400
"""Of the newest ones, in a log."""


def slip_text(device: bytes, slip: Slip) -> str:
    """A line for each sum, to be printed."""
    mark = slip.mark
    behind, last = mark.behind, mark.last
    rows = [
        f"{_both(Text('结班单', 'shift slip'))} {mark.number}",
        f"{_both(Text('终端', 'terminal'))} {device.hex()}",
        f"{_both(Text('结班', 'closed'))} {time_text(mark.at_s)}",
        f"{_both(Text('流水', 'records'))} {behind.epoch}:{behind.seq} < … ≤ {last.epoch}:{last.seq}",
        *_sums(slip),
        f"{_both(Text('净额', 'net'))} {yuan(slip.net_fen)}",
    ]
    if slip.gone:
        rows.append(f"{_both(Text('本机已无', 'no longer here'))} {slip.gone}")
    return "\n".join(rows) + "\n"


def _sums(slip: Slip) -> Iterator[str]:
    named = (
        (Text("消费", "purchases"), slip.sales), (Text("其中折扣", "discounts in them"), slip.discounts),
        (Text("乘车", "rides"), slip.rides), (Text("撤销", "voids"), slip.voids), (Text("圈存", "loads"), slip.loads),
        (Text("未确认", "unproven"), slip.unproven),
    )  # fmt: skip
    return (f"{_both(name)} {one.times} {yuan(one.fen)}" for name, one in named if one.times or one is slip.sales)


def _both(what: Text) -> str:
    return f"{what.zh} / {what.en}"


def log_text(figures: str, diary: Iterable[str], flash: Flash) -> bytes:
    """Figures, what was shown and refused of late, and the newest records; cut to LENGTH_MAX at a line's end."""
    said, newest = _both(Text("经过", "diary")), _both(Text("流水，新者在前", "records, the newest first"))
    lines = [figures, "", f"# {said}", *diary, "", f"# {newest}", *records(flash)]
    out = bytearray()
    for line in lines:
        raw = line.encode() + b"\n"
        if len(out) + len(raw) > LENGTH_MAX:
            break
        out += raw
    return bytes(out)


def records(flash: Flash, most: int = RECORDS_MAX) -> Iterator[str]:
    """A line for each of the newest ones that are still here."""
    last = flash.current.last if flash.current is not None else 0
    lines = (record_line(flash, seq) for seq in range(last, max(last - most, 0), -1))
    return (line for line in lines if line is not None)


def record_line(flash: Flash, seq: int) -> str | None:
    """None: it is not here, or cannot be read."""
    epoch, wire = flash.current, flash.kept(seq)
    if epoch is None or wire is None:
        return None
    try:
        row = decode(wire)
    except WireFault:
        return None
    kind = Kind(row.kind).name.lower()
    return f"{epoch.epoch}/{seq} {kind} {yuan(row.amount_fen)} {row.card[-2:].hex()} {time_text(row.time)}"
