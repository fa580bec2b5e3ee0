"""The sheet at the end of a run: one page that adds up by hand, and the same as JSON.

Pure: figures in, text and a verdict out. All figures are of the data folder since its first start, this run's stand
beside them. taps = 成功 shown, declined apart; records = accepted at edges, all kinds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.money import yuan


@dataclass(frozen=True, slots=True)
class Terminal:
    """One body's line: sequence range of its newest epoch, taps shown, records and fen posted, what it still owes."""

    name: str
    place: str
    first_seq: int
    last_seq: int
    taps: int
    posted: int
    spent_fen: int
    loads: int
    loads_fen: int
    owes: int
    open_slots: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run ends with. lost/double: 成功 shown and posted never / twice."""

    taps: int
    declined: int
    records: int
    posted: int
    suspense: int
    quarantined: int
    no_entry: int
    unposted: int
    opening_fen: int
    loads: int
    loads_fen: int
    spent_fen: int
    cards: int
    cards_fen: int
    purse_float_fen: int
    lost: int
    double: int
    latency_ms: Mapping[str, float]
    verify: Mapping[str, Any]
    terminals: tuple[Terminal, ...]
    faults: Mapping[str, int]
    injected: Mapping[str, int]
    this_run: Mapping[str, float]

    @property
    def expected_fen(self) -> int:
        """What the cards must hold: opening + loads − spent."""
        return self.opening_fen + self.loads_fen - self.spent_fen

    @property
    def unexplained_fen(self) -> int:
        """Card side and books apart: must be 0."""
        return abs(self.cards_fen - self.expected_fen) + abs(self.cards_fen - self.purse_float_fen)

    @property
    def true(self) -> bool:
        """Whether all is posted and everything adds up: exit code 0."""
        whole = not (self.lost or self.double or self.unexplained_fen or self.unposted)
        return whole and bool(self.verify.get("ok")) and not any(t.owes or t.open_slots for t in self.terminals)


def report(figures: Figures) -> dict[str, Any]:
    """The JSON of `--report`."""
    return {
        "taps": figures.taps,
        "declined": figures.declined,
        "records": figures.records,
        "posted": figures.posted,
        "suspense": figures.suspense,
        "quarantined": figures.quarantined,
        "no_entry": figures.no_entry,
        "unposted": figures.unposted,
        "opening_fen": figures.opening_fen,
        "loads": figures.loads,
        "loads_fen": figures.loads_fen,
        "spent_fen": figures.spent_fen,
        "cards": figures.cards,
        "cards_fen": figures.cards_fen,
        "purse_float_fen": figures.purse_float_fen,
        "lost": figures.lost,
        "double": figures.double,
        "unexplained_fen": figures.unexplained_fen,
        "latency_ms": dict(figures.latency_ms),
        "verify": dict(figures.verify),
        "by_terminal": {t.name: _terminal_json(t) for t in figures.terminals},
        "faults": dict(figures.faults),
        "injected": dict(figures.injected),
        "this_run": dict(figures.this_run),
        "ok": figures.true,
    }


def sheet(figures: Figures) -> str:
    """The printed page."""
    lines = [
        "",
        "═══ 结账表 Closing sheet ═══  演练 drill",
        _sum("期初余额 opening", figures.opening_fen, ""),
        _sum("圈存 loads", figures.loads_fen, f"{figures.loads} 笔", "+"),
        _sum("消费 spent", figures.spent_fen, f"{figures.posted - figures.loads} 笔", "−"),
        _sum("应在卡内 expected on cards", figures.expected_fen, "", "="),
        _sum("卡内实数 on the cards", figures.cards_fen, f"{figures.cards} 张"),
        _sum("总账卡内余额 ledger float", figures.purse_float_fen, ""),
        "",
        f"  成功 taps {figures.taps} · 拒绝 declined {figures.declined} · 记录 records {figures.records}",
        f"  = 入账 posted {figures.posted} + 挂账 suspense {figures.suspense} + 隔离 quarantined {figures.quarantined}"
        f" + 无分录 no entry {figures.no_entry} + 未入账 unposted {figures.unposted}",
        f"  本次 this run: {_pairs(figures.this_run)}",
        "",
        f"  {_wide('终端 terminal', 17)} {_wide('机位 place', 20)} {'seq':>15}  {'taps':>9}  {'posted':>11}  "
        f"{'spent':>11}  {'loads':>12}  {'owes':>5}",
    ]
    lines += [_row(terminal) for terminal in figures.terminals]
    lines += [
        "",
        f"  丢失 lost {figures.lost} · 重复 double {figures.double} · 不明 unexplained {yuan(figures.unexplained_fen)}",
        f"  注入 injected: {_pairs(figures.injected)}   重启 restarts: {_pairs(figures.faults)}",
        f"  延迟 latency: {_pairs(figures.latency_ms)} ms   核对 verify: {_verify_line(figures.verify)}",
        "",
        "  结论：账实相符，全部入账。 All posted and true." if figures.true else "  结论：不符！ NOT TRUE — see above.",
    ]
    return "\n".join(lines) + "\n"


def _sum(label: str, fen: int, note: str, sign: str = " ") -> str:
    return f"  {sign} {_wide(label, 34)}{yuan(fen):>14}  {note}"


def _row(t: Terminal) -> str:
    span = f"{t.first_seq}–{t.last_seq}" if t.last_seq else "–"
    figures = f"{t.taps:>9}  {t.posted:>11}  {yuan(t.spent_fen):>11}  {yuan(t.loads_fen):>12}  {t.owes:>5}"
    late = f"  未决 open {t.open_slots}" if t.open_slots else ""
    return f"  {_wide(t.name, 17)} {_wide(t.place, 20)} {span:>15}  {figures}{late}"


def _wide(text: str, width: int) -> str:
    """Pad by columns on the screen: a Chinese character takes two."""
    taken = sum(2 if ord(char) > 0x2E7F else 1 for char in text)
    return text + " " * max(0, width - taken)


def _pairs(figures: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in figures.items()) or "–"


def _verify_line(verify: Mapping[str, Any]) -> str:
    checks = verify.get("checks", [])
    return f"{len(checks)} 项 checks, {'通过 ok' if verify.get('ok') else '失败 FAILED'}"


def _terminal_json(t: Terminal) -> dict[str, Any]:
    return {
        "place": t.place,
        "first_seq": t.first_seq,
        "last_seq": t.last_seq,
        "taps": t.taps,
        "posted": t.posted,
        "spent_fen": t.spent_fen,
        "loads": t.loads,
        "loads_fen": t.loads_fen,
        "owes": t.owes,
        "open_slots": t.open_slots,
    }
