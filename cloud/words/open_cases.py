"""What is booked and not done yet: loads in transit 圈存在途 and grey records 挂账, each with its sum and its age.

Values in, rows out. What will happen to a load is `ledger.loads.state`'s word; a grey purchase is decided by counter
and balance of the card's next purchase.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cloud.ledger.read.loads import LoadStanding
from cloud.ledger.read.views import SuspenseView, VoidView
from shared.words.voice import Text

ROWS_MAX = 50
"""Most rows that a report shows; the sums are of all that were asked for."""
TRANSIT, SUSPENSE, VOID = "transit", "suspense", "void"


@dataclass(frozen=True, slots=True)
class OpenCase:
    """kind: transit, suspense or void. number: request of a load, seq of a record. age_s: since the ledger knows of it.

    will: what will happen; None where the kind says it all.
    """

    kind: str
    terminal: str
    number: int
    card: str
    amount_fen: int
    age_s: int
    will: Text | None = None


WHY = {
    "void": Text("待其消费入账，随即自动退入过渡余额", "waits for its purchase, then goes to pending load by itself"),
    "void_no_sale": Text(
        "指向的记录不是这样一笔消费，请人工核对", "names a record that is no such purchase: look at it"
    ),
    "void_twice": Text("该笔已撤销过，请人工核对", "the purchase is void already: look at it"),
    "void_pin": Text(
        "仅凭口令撤销，两人核定前不动账", "a void by PIN alone: moves nothing until two persons have decided"
    ),
    "void_bound": Text(
        "超出时限、单笔或当日限额，请人工核对", "too old, over too much or one too many a day: look at it"
    ),
    "void_whole": Text("混合支付完整，请人工核对", "half of a mixed payment that is whole: look at it"),
    "device_unknown": Text("终端未登记，请人工核对", "from an unknown terminal: look at it"),
    "other_box": Text("来自别的网关，请人工核对", "from a box that its terminal is not at: look at it"),
    "psam_unknown": Text("PSAM 未登记，请人工核对", "from an unknown PSAM: look at it"),
    "psam_moved": Text("PSAM 换了机身，请人工核对", "from a PSAM in another body: look at it"),
    "stolen": Text("PSAM 或终端已挂失，请人工核对", "from a stolen PSAM or body: look at it"),
    "fork": Text("同号不同内容，请人工核对", "same number, other bytes: look at it"),
}
"""Of an open void, by its reason."""


def open_cases(
    loads: Iterable[LoadStanding], grey: Iterable[SuspenseView], voids: Iterable[VoidView], now_ms: int
) -> list[OpenCase]:
    """Oldest first. An unproven load is counted once, as the load that is in transit."""
    found = [
        OpenCase(TRANSIT, one.terminal, one.request, one.label, one.amount_fen, one.state.age_s,
                 Text(f"{one.state.said.zh}。{one.state.will.zh}", f"{one.state.said.en}. {one.state.will.en}"))
        for one in loads if one.state.is_open
    ]  # fmt: skip
    found += [
        OpenCase(SUSPENSE, one.record.terminal, one.record.seq, one.record.label or one.record.card.hex(),
                 one.record.amount_fen, max(0, now_ms - one.opened_ms) // 1000)
        for one in grey if one.record.kind != "load_unproven"
    ]  # fmt: skip
    found += [
        OpenCase(VOID, one.record.terminal, one.record.seq, one.record.label or one.record.card.hex(),
                 one.record.amount_fen, max(0, now_ms - one.opened_ms) // 1000, WHY.get(one.why))
        for one in voids
    ]  # fmt: skip
    return sorted(found, key=lambda case: -case.age_s)
