"""The sheet at the end of a run: one page that adds up by hand, and the same as JSON.

Pure: figures in, text and a verdict out. All figures are of the data folder since its first start, this run's stand
beside them. taps = 成功 shown, declined apart; records = accepted at edges, all kinds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from compose.campus.figures import Figures, Terminal
from compose.parts.alarms import last_words
from shared.input.labels import in_order
from shared.money import yuan
from shared.words.columns import left, right
from shared.words.voice import Text

WILL = {
    "transit": Text(
        "该卡再到圈存机时凭其计数器判定：未入卡退回，已入卡入账",
        "the card's counter decides at a load machine: given back, or posted",
    ),
    "suspense": Text(
        "凭该卡下一笔消费的计数器与余额判定", "counter and balance of the card's next purchase decide"
    ),
}
KINDS = {
    "transit": Text("圈存在途", "load in transit"),
    "suspense": Text("挂账", "suspense"),
    "void": Text("撤销", "void"),
}


PAIRS = {
    "taps": Text("成功", "taps"),
    "loads": Text("圈存", "loads"),
    "torn": Text("闪卡", "torn"),
    "trace_lines": Text("流水文件行", "lines of the trace"),
    "trace_skipped": Text("跳过行", "lines skipped"),
    "trace_loads": Text("先行圈存", "loads before it"),
    "trace_left": Text("未放行", "lines left"),
    "speed_reached": Text("达到倍速", "speed reached ×"),
}
HEADS = (
    Text("序号", "seq"), Text("成功", "taps"), Text("入账", "posted"), Text("消费", "purchases"), Text("圈存", "loads"),
    Text("欠", "owes"),
)  # fmt: skip
"""Over the columns of numbers."""
_COLON = Text("：", ": ")
WIDTHS = (15, 9, 11, 11, 12, 5)


OWED_MAX, RANGES_MAX = 40, 8
"""Most terminals that are named as owing, and most ranges of each."""

PURSES = Text("主钱包", "main purse"), Text("补助钱包", "subsidy"), Text("合计", "total")
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
        "payments": figures.payments,
        "payments_fen": figures.payments_fen,
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
        "put_back": {"open": figures.put_backs_open, "said": _both(figures.put_back)},
        "losses": figures.losses,
        "loss_fen": figures.loss_fen,
        "loss_provision_fen": figures.loss_provision_fen,
        "loss_purses_fen": figures.loss_purses_fen,
        "loss_subsidy_fen": figures.loss_subsidy_fen,
        "alarms": None if figures.alarms is None else dict(figures.alarms),
        "latency_ms": dict(figures.latency_ms),
        "verify": dict(figures.verify),
        "by_terminal": {t.name: _terminal_json(t) for t in figures.terminals},
        "faults": dict(figures.faults),
        "injected": dict(figures.injected),
        "this_run": dict(figures.this_run),
        "ok": figures.true,
    }


def _both(said: str | Text) -> str | dict[str, str]:
    """The report has no language."""
    return asdict(said) if isinstance(said, Text) else said


def sheet(figures: Figures) -> str:
    """The printed page, in the language that is spoken."""
    lines = [
        "",
        f"═══ {Text('结账表', 'Closing sheet')} ═══  {Text('演示', 'demonstration')}",
        *_purses(figures),
        *_beside(figures),
        "",
        _accounts(figures),
        *_open(figures),
        "",
        *_counts(figures),
        *_mixed(figures),
        *_zero_rides(figures),
        f"  {Text('本次：', 'this run: ')}{_pairs(figures.this_run)}",
        *_cut_short(figures),
        "",
        f"  {left(Text('终端', 'terminal'), 17)} {left(Text('点位', 'position'), 20)} {_columns(HEADS)}",
    ]
    lines += [_row(terminal) for terminal in sorted(figures.terminals, key=lambda row: in_order(row.name))]
    lines += [_total(figures.terminals)]
    lines += [
        "",
        *_owed(figures),
        _proof(figures),
        *_differences(figures),
        *_losses(figures),
        *_put_back(figures),
        *_checkpoint(figures),
        f"  {Text('注入：', 'injected: ')}{_pairs(figures.injected)}   "
        f"{Text('重启：', 'restarts: ')}{_pairs(figures.faults)}",
        f"  {Text('延迟：', 'latency: ')}{_pairs(figures.latency_ms)} ms   "
        f"{Text('核对：', 'verify: ')}{_verify_line(figures.verify)}",
        *(f"  {line}" for line in last_words(figures.alarms)),
        "",
        f"  {_verdict(figures)}",
    ]
    return "\n".join(lines) + "\n"


def _accounts(f: Figures) -> str:
    deposits, loads, transit, online = map(yuan, (f.deposits_fen, f.loads_fen, f.transit_fen, f.online_fen))
    back = _given_back(f)
    word = Text("账户支付", "account payments")
    paid = f" − {word} {yuan(f.payments_fen)}" if f.payments_fen else ""
    said = Text(
        f"充值 {deposits}{back} − 圈存 {loads}{paid} − 在途 {transit} = 电子账户 {online}",
        f"deposits {deposits}{back} − loads {loads}{paid} − in transit {transit} = online accounts {online}",
    )
    return f"  {said}"


def _counts(f: Figures) -> list[str]:
    rows = (
        Text(
            f"成功 {f.taps} · 拒绝 {f.declined} · 记录 {f.records}",
            f"taps {f.taps} · declined {f.declined} · records {f.records}",
        ),
        Text(
            f"= 入账 {f.posted} + 挂账 {f.suspense} + 隔离 {f.quarantined} + 无分录 {f.no_entry} + 未入账 {f.unposted}",
            f"= posted {f.posted} + suspense {f.suspense} + quarantined {f.quarantined} + no entry {f.no_entry}"
            f" + not posted {f.unposted}",
        ),
    )
    return [f"  {row}" for row in rows]


def _proof(f: Figures) -> str:
    unexplained = yuan(f.unexplained_fen)
    said = Text(
        f"丢失 {f.lost} · 未达 {f.owed} · 重复 {f.double} · 不明 {unexplained}",
        f"lost {f.lost} · owed {f.owed} · double {f.double} · unexplained {unexplained}",
    )
    return f"  {said}"


def _purses(figures: Figures) -> list[str]:
    """The sum over the cards; where they have two purses, a column for each, and their total."""
    f = figures
    rows = [
        (" ", Text("期初余额", "opening balance"), f.opening_fen, f.subsidy_opening_fen, ""),
        ("+", Text("圈存", "loads"), f.loads_fen, 0, _many(f.loads)),
        ("−", Text("消费", "purchases"), f.spent_fen, f.subsidy_spent_fen, _many(f.posted - f.loads - f.voids)),
        *_desk(f),
        ("=", Text("应在卡内", "expected on the cards"), f.expected_fen, f.subsidy_expected_fen, ""),
        (" ", Text("卡内实数", "on the cards"), f.cards_fen, f.subsidy_cards_fen, _of_cards(f)),
        (" ", Text("总账卡内余额", "on cards by the ledger"), f.purse_float_fen, f.subsidy_fen, _back(f)),
    ]
    if not (f.subsidies or f.subsidy_opening_fen):
        return [_sum(label, fen, note, sign) for sign, label, fen, _, note in rows]
    heads = "".join(right(word, COLUMN) for word in PURSES)
    return [f"    {left('', 32)}{heads}", *(_row_of_purses(*row) for row in rows)]


def _back(f: Figures) -> str:
    """What the float has that no card does."""
    told = Text("含补回挂失卡", "of it given back to lost cards")
    return f"{told} {yuan(f.loss_purses_fen)}" if f.loss_purses_fen else ""


def _many(records: int) -> str:
    return str(Text(f"{records} 笔", f"{records} records"))


def _of_cards(f: Figures) -> str:
    return f"{Text(f'{f.cards} 张', f'{f.cards} cards')}{_void_cards(f)}"


def _row_of_purses(sign: str, label: Text, fen: int, subsidy_fen: int, note: str) -> str:
    columns = "".join(right(yuan(one), COLUMN) for one in (fen - subsidy_fen, subsidy_fen, fen))
    return f"  {sign} {left(label, 32)}{columns}  {note}".rstrip()


def _desk(figures: Figures) -> list[tuple[str, Text, int, int, str]]:
    """What the card desk took from cards, where it did."""
    f = figures
    named = (
        (Text("圈提", "unloads"), f.unloads_fen, 0, ""),
        (Text("换卡", "replaced"), f.replaced_fen, f.subsidy_replaced_fen, str(Text("旧卡作废", "void cards"))),
    )  # fmt: skip
    return [("−", label, fen, subsidy_fen, said) for label, fen, subsidy_fen, said in named if fen]


def _given_back(figures: Figures) -> str:
    """What the desk, voids and grants added to the holders' money, and what of it is not claimed yet."""
    from_desk = figures.unloads_fen + figures.replaced_fen
    desk = f" + {Text('卡务', 'desk')} {yuan(from_desk)}" if from_desk else ""
    waits = Text("待回补助", "subsidy given back")
    subsidy = f" − {waits} {yuan(figures.pending_subsidy_fen)}" if figures.pending_subsidy_fen else ""
    if not (figures.voids or figures.pending_fen or figures.granted_fen):
        return desk + subsidy
    granted = f" + {Text('发放', 'grants')} {yuan(figures.granted_fen)}" if figures.granted_fen else ""
    pending = f"− {Text('过渡', 'pending')} {yuan(figures.pending_fen)}{subsidy}"
    return f"{desk} + {Text('撤销', 'voids')} {yuan(figures.voided_fen)}{granted} {pending}"


def _beside(figures: Figures) -> list[str]:
    """What stands beside the sum above, where there is any."""
    lines = [_sum(Text("过渡余额", "pending load"), figures.pending_fen, "")] if figures.pending_fen else []
    if figures.pending_subsidy_fen:
        said = Text("暂不能领回卡内", "not to be claimed onto the card yet")
        lines.append(_sum(Text("待回补助", "subsidy given back"), figures.pending_subsidy_fen, said))
    if figures.voids:
        merchants = yuan(figures.spent_fen - figures.voided_fen)
        said = Text(
            f"{figures.voids} 笔，商户冲回→过渡余额；商户应得 {merchants}",
            f"{figures.voids} of them, merchants → pending load; left to merchants {merchants}",
        )
        lines.append(_sum(Text("撤销", "voids"), figures.voided_fen, said))
    return lines


def _cut_short(figures: Figures) -> list[str]:
    """A replay that was ended before its last line must not look like the whole day."""
    left = figures.this_run.get("trace_left", 0)
    said = Text(f"重放未完，还有 {left:g} 行未放", f"the replay was cut short: {left:g} lines were not played")
    return [f"  {said}"] if left else []


def _mixed(figures: Figures) -> list[str]:
    if not figures.mixed:
        return []
    n = figures.mixed
    told = Text(f"成功中混合支付 {n}，一次成功两笔记录", f"of taps, mixed payments: {n}; one tap, two records")
    return [f"    {told}"]


def _void_cards(figures: Figures) -> str:
    """What a void card still says counts no more: without this the line above and that of the ledger differ."""
    fen = figures.replaced_fen
    told = Text("，其中旧卡不计 ", ", of it on void cards, not counted: ")
    return f"{told}{yuan(fen)}" if fen else ""


def _zero_rides(figures: Figures) -> list[str]:
    if not figures.zero_rides:
        return []
    why = Text("无分录中：分段计价上车，下车时扣款", "of no entry: boardings by distance fare, the exit pays")
    return [f"    {why} {figures.zero_rides}"]


def _differences(figures: Figures) -> list[str]:
    """Money that cards have and the books never gave, where there is any."""
    open_, said = figures.differences, figures.differences_explained
    if not (open_ or said):
        return []
    extra = yuan(figures.explained_fen)
    beyond = Text(f"（卡上多出 {extra}）", f" (beyond the books {extra})") if figures.explained_fen else ""
    told = Text(
        f"卡账差异：未说明 {open_} · 已说明 {said}", f"differences of cards: unexplained {open_} · explained {said}"
    )
    return [f"  {told}{beyond}{_each('differences') if open_ else ''}"]


def _each(command: str) -> Text:
    """Where the single ones are listed."""
    return Text(f"，逐条见 ./ykt cloud {command}", f"; each: ./ykt cloud {command}")


def _owed(figures: Figures) -> list[str]:
    """Who still has what was shown and is not posted: the numbers, terminal by terminal."""
    if not figures.owed:
        return []
    spans: dict[str, list[str]] = {}
    for one in figures.owed_by:
        span = f"{one.first}–{one.last}" if one.last > one.first else f"{one.first}"
        spans.setdefault(f"{one.name} {Text('存储代', 'epoch')} {one.epoch}", []).append(span)
    more = len(spans) - OWED_MAX
    count, owed = figures.owed, yuan(figures.owed_fen)
    told = Text(
        f"未达，未丢：{count} 笔，{owed}，还在终端或数据网关里，再开机即续传",
        f"owed, not lost: {count} records, {owed}, still in terminals or boxes; they come when those run again",
    )
    return [
        f"  {told}",
        *(f"    {name}: {_first(ranges)}" for name, ranges in list(spans.items())[:OWED_MAX]),
        *([f"    {Text(f'另有 {more} 台', f'{more} more terminals')}"] if more > 0 else []),
    ]


def _first(ranges: list[str]) -> str:
    more = len(ranges) - RANGES_MAX
    rest = f" … {Text(f'另有 {more} 段', f'{more} more ranges')}" if more > 0 else ""
    return f"{', '.join(ranges[:RANGES_MAX])}{rest}"


def _losses(figures: Figures) -> list[str]:
    """挂失后损失, where there is any: what lost cards have spent, and what they still may."""
    if not (figures.loss_fen or figures.losses):
        return []
    n, spent, loss = figures.losses, yuan(figures.loss_purses_fen), yuan(figures.loss_fen)
    left = yuan(figures.loss_provision_fen)
    unused = Text(f" · 准备未用 {left}", f" · provided, not spent {left}")
    zh, en = (unused.zh, unused.en) if figures.loss_provision_fen else ("", "")
    told = Text(
        f"挂失后损失，学校承担：{loss}（挂失后消费 {n} 笔 {spent}{zh}），逐卡见 ./ykt cloud lost",
        f"loss after report, the school bears it: {loss} ({n} purchases, {spent}{en}); each card: ./ykt cloud lost",
    )
    return [f"  {told}"]


def _put_back(figures: Figures) -> list[str]:
    """An older ledger was put back, where one was."""
    how = _each("put-back") if figures.put_backs_open else ""
    return [f"  {figures.put_back}{how}"] if figures.put_back else []


def _checkpoint(figures: Figures) -> list[str]:
    """What a ledger that is put back from before is held against."""
    kept = figures.checkpoint
    told = Text(
        f"检查点：{kept}（请另存他处；核对用 verify --checkpoint FILE）",
        f"checkpoint: {kept} (keep it elsewhere, for verify --checkpoint FILE)",
    )
    return [f"  {told}"] if kept else []


def _verdict(figures: Figures) -> Text:
    if figures.true and (figures.loss_fen or figures.losses):
        loss = yuan(figures.loss_fen)
        return Text(
            f"结论：全部入账；另有挂失后损失 {loss}，由学校承担，见上。",
            f"All posted; {loss} lost after reports, the school bears it — see above.",
        )
    if figures.true and figures.differences_explained:
        n = figures.differences_explained
        return Text(
            f"结论：全部入账；卡与账有 {n} 处差异，已说明，见上。",
            f"All posted; {n} differences are explained — see above.",
        )
    return next(said for holds, said in VERDICTS if holds(figures))


VERDICTS: tuple[tuple[Callable[[Figures], bool], Text], ...] = (
    (lambda f: f.true, Text("结论：账实相符，全部入账。", "All posted and true.")),
    (
        lambda f: f.adds_up,
        Text(
            "结论：账目相符，但有未结，未全部入账，见上。",
            "It adds up, but cases are open: NOT ALL POSTED — see above.",
        ),
    ),
    (
        lambda f: f.is_right,
        Text(
            "结论：已到的账目相符，但未收齐，见上。", "What came is true, but NOT ALL HAS COME IN — see above."
        ),
    ),
    (lambda _: True, Text("结论：不符！见上。", "NOT TRUE — see above.")),
)
"""The first that holds."""


def _open(figures: Figures) -> list[str]:
    """What no sum above holds: how much the cards may differ by, each case with its age, and what will happen."""
    lines = []
    if figures.transit_fen:
        lines.append(_sum(Text("在途，或已入卡", "in transit, maybe on cards"), figures.transit_fen, "", "±"))
    if figures.suspense_fen:
        lines.append(_sum(Text("挂账，或已扣卡", "suspense, maybe paid"), figures.suspense_fen, "", "±"))
    for case in figures.open:
        lines.append(
            f"    {left(KINDS.get(case.kind, case.kind), 20)} {left(case.terminal, 12)} #{case.number:<6} "
            f"{Text('卡', 'card')} {case.card}  {yuan(case.amount_fen)}  {Text(f'{case.age_s} 秒', f'{case.age_s} s')}"
        )
        if case.will:
            lines.append(f"      {case.will}")
    kinds = dict.fromkeys(case.kind for case in figures.open if not case.will)
    return lines + [f"    {KINDS.get(kind, kind)}{_COLON}{WILL[kind]}" for kind in kinds if kind in WILL]


def _sum(label: Text, fen: int, note: str | Text, sign: str = " ") -> str:
    return f"  {sign} {left(label, 34)}{yuan(fen):>14}  {note}".rstrip()


def _row(t: Terminal) -> str:
    span = f"{t.first_seq}–{t.last_seq}" if t.last_seq else "–"
    figures = _columns((span, t.taps, t.posted, yuan(t.spent_fen), yuan(t.loads_fen), t.owes))
    late = f"  {Text('未决', 'open')} {t.open_slots}" if t.open_slots else ""
    rides = f"  {Text('上车未扣', 'boarded, not charged')} {t.zero_rides}" if t.zero_rides else ""
    return f"  {left(t.name, 17)} {left(t.place, 20)} {figures}{late}{rides}"


def _total(rows: tuple[Terminal, ...]) -> str:
    """What the rows above come to: the taps, posted, spent and loads of the sums over them."""
    taps, posted, owes = sum(t.taps for t in rows), sum(t.posted for t in rows), sum(t.owes for t in rows)
    spent, loads = yuan(sum(t.spent_fen for t in rows)), yuan(sum(t.loads_fen for t in rows))
    return f"  {left(Text('合计', 'total'), 38)} {_columns(('', taps, posted, spent, loads, owes))}"


def _columns(cells: Sequence[object]) -> str:
    """The columns of numbers, or the heads over them."""
    return "  ".join(right(cell, width) for cell, width in zip(cells, WIDTHS, strict=True))


def _pairs(figures: Mapping[str, float]) -> str:
    comma = str(Text("，", ", "))
    return comma.join(f"{PAIRS.get(name, name)} {value:g}" for name, value in figures.items()) or "–"


def _verify_line(verify: Mapping[str, Any]) -> str:
    checks = verify.get("checks", [])
    said = Text("通过", "ok") if verify.get("ok") else Text("失败", "FAILED")
    return str(Text(f"{len(checks)} 项，{said.zh}", f"{len(checks)} checks, {said.en}"))


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
