"""The sheet at the end of a run: one page that adds up by hand, and the same as JSON.

Pure: figures in, text and a verdict out. All figures are of the data folder since its first start, this run's stand
beside them. taps = 成功 shown, declined apart; records = accepted at edges, all kinds.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from compose.campus.figures import Figures, Terminal
from shared.input.labels import in_order
from shared.money import yuan

WILL = {
    "transit": "该卡再到圈存机时凭其计数器判定：未入卡退回，已入卡入账 the card's counter decides at a load machine: "
    "given back, or posted",
    "suspense": "凭该卡下一笔消费的计数器与余额判定 counter and balance of the card's next purchase decide",
}
KINDS = {"transit": "圈存在途 transit", "suspense": "挂账 suspense", "void": "撤销 void"}


PAIRS = {
    "taps": "成功 taps",
    "loads": "圈存 loads",
    "torn": "闪卡 torn",
    "trace_lines": "流水行 lines of the trace",
    "trace_skipped": "跳过行 lines skipped",
    "trace_loads": "先行圈存 loads before it",
    "trace_left": "未放行 lines left",
    "speed_reached": "达到倍速 speed reached ×",
}


OWED_MAX, RANGES_MAX = 40, 8
"""Most terminals that are named as owing, and most ranges of each."""

COLUMN = 15
"""Width of a column of sums."""


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
        "zero_rides": figures.zero_rides,
        "unposted": figures.unposted,
        "opening_fen": figures.opening_fen,
        "loads": figures.loads,
        "loads_fen": figures.loads_fen,
        "spent_fen": figures.spent_fen,
        "cards": figures.cards,
        "cards_fen": figures.cards_fen,
        "purse_float_fen": figures.purse_float_fen,
        "subsidies": figures.subsidies,
        "subsidy_opening_fen": figures.subsidy_opening_fen,
        "subsidy_spent_fen": figures.subsidy_spent_fen,
        "subsidy_cards_fen": figures.subsidy_cards_fen,
        "subsidy_fen": figures.subsidy_fen,
        "mixed": figures.mixed,
        "pending_fen": figures.pending_fen,
        "pending_subsidy_fen": figures.pending_subsidy_fen,
        "voids": figures.voids,
        "voided_fen": figures.voided_fen,
        "granted_fen": figures.granted_fen,
        "unloads_fen": figures.unloads_fen,
        "replaced_fen": figures.replaced_fen,
        "subsidy_replaced_fen": figures.subsidy_replaced_fen,
        "deposits_fen": figures.deposits_fen,
        "online_fen": figures.online_fen,
        "transit_fen": figures.transit_fen,
        "suspense_fen": figures.suspense_fen,
        "open": [asdict(case) for case in figures.open],
        "lost": figures.lost,
        "double": figures.double,
        "owed": figures.owed,
        "owed_fen": figures.owed_fen,
        "owed_subsidy_fen": figures.owed_subsidy_fen,
        "owed_by": [asdict(one) for one in figures.owed_by],
        "unexplained_fen": figures.unexplained_fen,
        "differences": figures.differences,
        "differences_explained": figures.differences_explained,
        "explained_fen": figures.explained_fen,
        "checkpoint": figures.checkpoint,
        "put_back": {"open": figures.put_backs_open, "said": figures.put_back},
        "losses": figures.losses,
        "loss_fen": figures.loss_fen,
        "loss_provision_fen": figures.loss_provision_fen,
        "loss_purses_fen": figures.loss_purses_fen,
        "loss_subsidy_fen": figures.loss_subsidy_fen,
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
        *_purses(figures),
        *_beside(figures),
        "",
        f"  充值 deposits {yuan(figures.deposits_fen)}{_given_back(figures)} − 圈存 loads {yuan(figures.loads_fen)} "
        f"− 在途 in transit {yuan(figures.transit_fen)} = 电子账户 online accounts {yuan(figures.online_fen)}",
        *_open(figures),
        "",
        f"  成功 taps {figures.taps} · 拒绝 declined {figures.declined} · 记录 records {figures.records}",
        f"  = 入账 posted {figures.posted} + 挂账 suspense {figures.suspense} + 隔离 quarantined {figures.quarantined}"
        f" + 无分录 no entry {figures.no_entry} + 未入账 unposted {figures.unposted}",
        *_mixed(figures),
        *_zero_rides(figures),
        f"  本次 this run: {_pairs(figures.this_run)}",
        *_cut_short(figures),
        "",
        f"  {_wide('终端 terminal', 17)} {_wide('机位 place', 20)} {'seq':>15}  {'taps':>9}  {'posted':>11}  "
        f"{'spent':>11}  {'loads':>12}  {'owes':>5}",
    ]
    lines += [_row(terminal) for terminal in sorted(figures.terminals, key=lambda row: in_order(row.name))]
    lines += [_total(figures.terminals)]
    lines += [
        "",
        *_owed(figures),
        f"  丢失 lost {figures.lost} · 未达 owed {figures.owed} · 重复 double {figures.double} · "
        f"不明 unexplained {yuan(figures.unexplained_fen)}",
        *_differences(figures),
        *_losses(figures),
        *_put_back(figures),
        *_checkpoint(figures),
        f"  注入 injected: {_pairs(figures.injected)}   重启 restarts: {_pairs(figures.faults)}",
        f"  延迟 latency: {_pairs(figures.latency_ms)} ms   核对 verify: {_verify_line(figures.verify)}",
        "",
        _verdict(figures),
    ]
    return "\n".join(lines) + "\n"


def _purses(figures: Figures) -> list[str]:
    """The sum over the cards; where they have two purses, a column for each, and their total."""
    f = figures
    rows = [
        (" ", "期初余额 opening", f.opening_fen, f.subsidy_opening_fen, ""),
        ("+", "圈存 loads", f.loads_fen, 0, f"{f.loads} 笔"),
        ("−", "消费 spent", f.spent_fen, f.subsidy_spent_fen, f"{f.posted - f.loads - f.voids} 笔"),
        *_desk(f),
        ("=", "应在卡内 expected on cards", f.expected_fen, f.subsidy_expected_fen, ""),
        (" ", "卡内实数 on the cards", f.cards_fen, f.subsidy_cards_fen, f"{f.cards} 张{_void_cards(f)}"),
        (" ", "总账卡内余额 ledger float", f.purse_float_fen, f.subsidy_fen, _back(f)),
    ]
    if not (f.subsidies or f.subsidy_opening_fen):
        return [_sum(label, fen, note, sign) for sign, label, fen, _, note in rows]
    heads = "".join(_right(word, COLUMN) for word in ("主钱包 main", "补助 subsidy", "合计 total"))
    return [f"    {_wide('', 32)}{heads}", *(_row_of_purses(*row) for row in rows)]


def _back(f: Figures) -> str:
    """What the float has that no card does."""
    told = "含补回挂失卡 of it given back to lost cards"
    return f"{told} {yuan(f.loss_purses_fen)}" if f.loss_purses_fen else ""


def _row_of_purses(sign: str, label: str, fen: int, subsidy_fen: int, note: str) -> str:
    columns = "".join(_right(yuan(one), COLUMN) for one in (fen - subsidy_fen, subsidy_fen, fen))
    return f"  {sign} {_wide(label, 32)}{columns}  {note}".rstrip()


def _desk(figures: Figures) -> list[tuple[str, str, int, int, str]]:
    """What the card desk took from cards, where it did."""
    f = figures
    named = (
        ("圈提 unloads", f.unloads_fen, 0, ""),
        ("换卡 replaced", f.replaced_fen, f.subsidy_replaced_fen, "旧卡作废 void cards"),
    )  # fmt: skip
    return [("−", label, fen, subsidy_fen, said) for label, fen, subsidy_fen, said in named if fen]


def _given_back(figures: Figures) -> str:
    """What the desk, voids and grants added to the holders' money, and what of it is not claimed yet."""
    from_desk = figures.unloads_fen + figures.replaced_fen
    desk = f" + 卡务 desk {yuan(from_desk)}" if from_desk else ""
    subsidy = f" − 待回补助 subsidy {yuan(figures.pending_subsidy_fen)}" if figures.pending_subsidy_fen else ""
    if not (figures.voids or figures.pending_fen or figures.granted_fen):
        return desk + subsidy
    granted = f" + 发放 grants {yuan(figures.granted_fen)}" if figures.granted_fen else ""
    pending = f"− 过渡 pending {yuan(figures.pending_fen)}{subsidy}"
    return f"{desk} + 撤销 voids {yuan(figures.voided_fen)}{granted} {pending}"


def _beside(figures: Figures) -> list[str]:
    """What stands beside the sum above, where there is any."""
    lines = [_sum("过渡余额 pending load", figures.pending_fen, "")] if figures.pending_fen else []
    if figures.pending_subsidy_fen:
        said = "暂不能领回卡内 not to be claimed onto the card yet"
        lines.append(_sum("待回补助 subsidy given back", figures.pending_subsidy_fen, said))
    if figures.voids:
        merchants = yuan(figures.spent_fen - figures.voided_fen)
        said = f"{figures.voids} 笔，商户冲回→过渡余额 merchants → pending; 商户应得 left to merchants {merchants}"
        lines.append(_sum("撤销 voids", figures.voided_fen, said))
    return lines


def _cut_short(figures: Figures) -> list[str]:
    """A replay that was ended before its last line must not look like the whole day."""
    left = figures.this_run.get("trace_left", 0)
    said = f"  重放未完，还有 {left:g} 行未放 / the replay was cut short: {left:g} lines were not played"
    return [said] if left else []


def _mixed(figures: Figures) -> list[str]:
    if not figures.mixed:
        return []
    return [f"    成功中混合支付 of taps, mixed payments: {figures.mixed}，一次成功两笔记录 one tap, two records"]


def _void_cards(figures: Figures) -> str:
    """What a void card still says counts no more: without this the line above and that of the ledger differ."""
    fen = figures.replaced_fen
    return f"，其中旧卡不计 of it on void cards, not counted: {yuan(fen)}" if fen else ""


def _zero_rides(figures: Figures) -> list[str]:
    if not figures.zero_rides:
        return []
    why = "分段计价上车，下车时扣款 on by distance fare, the exit pays"
    return [f"    无分录中 of no entry: {why} {figures.zero_rides}"]


def _differences(figures: Figures) -> list[str]:
    """Money that cards have and the books never gave, where there is any."""
    open_, said = figures.differences, figures.differences_explained
    if not (open_ or said):
        return []
    beyond = f" (卡上多出 beyond the books {yuan(figures.explained_fen)})" if figures.explained_fen else ""
    how = "，逐条见 each: ./ykt cloud differences" if open_ else ""
    return [f"  卡账差异 differences: 未说明 unexplained {open_} · 已说明 explained {said}{beyond}{how}"]


def _owed(figures: Figures) -> list[str]:
    """Who still has what was shown and is not posted: the numbers, terminal by terminal."""
    if not figures.owed:
        return []
    spans: dict[str, list[str]] = {}
    for one in figures.owed_by:
        span = f"{one.first}–{one.last}" if one.last > one.first else f"{one.first}"
        spans.setdefault(f"{one.name} 纪元 epoch {one.epoch}", []).append(span)
    more = len(spans) - OWED_MAX
    return [
        f"  未达：还在终端或数据网关里，未丢 owed, not lost: {figures.owed} 笔, {yuan(figures.owed_fen)}，"
        "再开机即续传 still in terminals or boxes; they come when those run again",
        *(f"    {name}: {_first(ranges)}" for name, ranges in list(spans.items())[:OWED_MAX]),
        *([f"    另有 {more} 台 / {more} more terminals"] if more > 0 else []),
    ]


def _first(ranges: list[str]) -> str:
    more = len(ranges) - RANGES_MAX
    return ", ".join(ranges[:RANGES_MAX]) + (f" … 另有 {more} 段 / {more} more ranges" if more > 0 else "")


def _losses(figures: Figures) -> list[str]:
    """挂失后损失, where there is any: what lost cards have spent, and what they still may."""
    if not (figures.loss_fen or figures.losses):
        return []
    spent = f"挂失后消费 spent {figures.losses} 笔 {yuan(figures.loss_purses_fen)}"
    left_fen = figures.loss_provision_fen
    provided = f" · 准备未用 provided, not spent {yuan(left_fen)}" if left_fen else ""
    told = f"挂失后损失，学校承担 loss after report, the school bears it: {yuan(figures.loss_fen)}"
    return [f"  {told} ({spent}{provided})，逐卡见 each card: ./ykt cloud lost"]


def _put_back(figures: Figures) -> list[str]:
    """An older ledger was put back, where one was."""
    how = "，逐条见 each: ./ykt cloud put-back" if figures.put_backs_open else ""
    return [f"  {figures.put_back}{how}"] if figures.put_back else []


def _checkpoint(figures: Figures) -> list[str]:
    """What a ledger that is put back from before is held against."""
    kept = figures.checkpoint
    return [f"  检查点 checkpoint: {kept}（请另存他处 keep it elsewhere；verify --checkpoint FILE）"] if kept else []


def _verdict(figures: Figures) -> str:
    if figures.true and (figures.loss_fen or figures.losses):
        loss = yuan(figures.loss_fen)
        told = f"All posted; {loss} lost after reports — see above."
        return f"  结论：全部入账；另有挂失后损失 {loss}，由学校承担。 {told}"
    if figures.true and figures.differences_explained:
        n = figures.differences_explained
        return f"  结论：全部入账；卡与账有 {n} 处差异，已说明。 All posted; {n} differences are explained — see above."
    if figures.true:
        return "  结论：账实相符，全部入账。 All posted and true."
    if figures.adds_up:
        return "  结论：账目相符，但有未结，未全部入账。 It adds up, but cases are open: NOT ALL POSTED — see above."
    if figures.is_right:
        return "  结论：已到的账目相符，但未收齐。 What came is true, but NOT ALL HAS COME IN — see above."
    return "  结论：不符！ NOT TRUE — see above."


def _open(figures: Figures) -> list[str]:
    """What no sum above holds: how much the cards may differ by, each case with its age, and what will happen."""
    lines = []
    if figures.transit_fen:
        lines.append(_sum("在途，或已入卡 transit, maybe on cards", figures.transit_fen, "", "±"))
    if figures.suspense_fen:
        lines.append(_sum("挂账，或已扣卡 suspense, maybe paid", figures.suspense_fen, "", "±"))
    for case in figures.open:
        lines.append(
            f"    {_wide(KINDS.get(case.kind, case.kind), 20)} {_wide(case.terminal, 12)} #{case.number:<6} "
            f"卡 card {case.card}  {yuan(case.amount_fen)}  {case.age_s} s"
        )
        if case.will:
            lines.append(f"      {case.will}")
    kinds = dict.fromkeys(case.kind for case in figures.open if not case.will)
    return lines + [f"    {KINDS.get(kind, kind)}: {WILL[kind]}" for kind in kinds if kind in WILL]


def _sum(label: str, fen: int, note: str, sign: str = " ") -> str:
    return f"  {sign} {_wide(label, 34)}{yuan(fen):>14}  {note}"


def _row(t: Terminal) -> str:
    span = f"{t.first_seq}–{t.last_seq}" if t.last_seq else "–"
    figures = f"{t.taps:>9}  {t.posted:>11}  {yuan(t.spent_fen):>11}  {yuan(t.loads_fen):>12}  {t.owes:>5}"
    late = f"  未决 open {t.open_slots}" if t.open_slots else ""
    rides = f"  上车未扣 on, not charged {t.zero_rides}" if t.zero_rides else ""
    return f"  {_wide(t.name, 17)} {_wide(t.place, 20)} {span:>15}  {figures}{late}{rides}"


def _total(rows: tuple[Terminal, ...]) -> str:
    """What the rows above come to: the taps, posted, spent and loads of the sums over them."""
    taps, posted, owes = sum(t.taps for t in rows), sum(t.posted for t in rows), sum(t.owes for t in rows)
    spent, loads = yuan(sum(t.spent_fen for t in rows)), yuan(sum(t.loads_fen for t in rows))
    return f"  {_wide('合计 total', 54)}  {taps:>9}  {posted:>11}  {spent:>11}  {loads:>12}  {owes:>5}"


def _wide(text: str, width: int) -> str:
    """Pad by columns on the screen: a Chinese character takes two."""
    return text + " " * max(0, width - _taken(text))


def _right(text: str, width: int) -> str:
    """The same, from the left."""
    return " " * max(0, width - _taken(text)) + text


def _taken(text: str) -> int:
    return sum(2 if ord(char) > 0x2E7F else 1 for char in text)


def _pairs(figures: Mapping[str, float]) -> str:
    return ", ".join(f"{PAIRS.get(name, name)} {value:g}" for name, value in figures.items()) or "–"


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
        "zero_rides": t.zero_rides,
    }
