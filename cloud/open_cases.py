"""What is booked and not done yet: loads in transit 圈存在途 and grey records 挂账, each with its sum and its age.

Values in, rows out. A load that was granted, and of which nobody knows whether the card has it, is decided by the
card's counter when it comes to a load machine; a grey purchase by counter and balance of the card's next purchase.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cloud.ledger.views import LoadView, SuspenseView

ROWS_MAX = 50
"""Most rows that a report shows; the sums are of all that were asked for."""
TRANSIT, SUSPENSE = "transit", "suspense"


@dataclass(frozen=True, slots=True)
class OpenCase:
    """kind: transit or suspense. number: request of a load, seq of a record. age_s: since the ledger knows of it."""

    kind: str
    terminal: str
    number: int
    card: str
    amount_fen: int
    age_s: int


def open_cases(
    loads: Iterable[LoadView], grey: Iterable[SuspenseView], names: Mapping[bytes, str], now_ms: int
) -> list[OpenCase]:
    """Oldest first. An unproven load is counted once, as the load that is in transit."""
    found = [
        OpenCase(TRANSIT, names.get(one.device, one.device.hex()), one.request, one.label or one.card.hex(),
                 one.amount_fen, _age_s(one.opened_ms, now_ms))
        for one in loads if one.state == "pending"
    ]  # fmt: skip
    found += [
        OpenCase(SUSPENSE, one.record.terminal, one.record.seq, one.record.label or one.record.card.hex(),
                 one.record.amount_fen, _age_s(one.opened_ms, now_ms))
        for one in grey if one.record.kind != "load_unproven"
    ]  # fmt: skip
    return sorted(found, key=lambda case: -case.age_s)


def _age_s(opened_ms: int, now_ms: int) -> int:
    return max(0, now_ms - opened_ms) // 1000
