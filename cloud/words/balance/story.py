"""A holder's whole story 一卡始末, in words and as JSON: what is known, what is late, what comes next. Pure.

Whoever may not see aid is shown both purses as one and no movement by itself (`is_apart` false): a line would tell it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from cloud.ledger.books.entry import EntryFlag, EntryKind
from cloud.ledger.findings.found import STANDINGS
from cloud.ledger.held.losses.standing import LostCard
from cloud.ledger.read.shown.story import LastKnown, Movement, Story, Sums
from cloud.words.balance.findings import does, finding_json, finding_word
from cloud.words.balance.offline_codes import code_lines
from cloud.words.both import both, halves
from cloud.words.differences import UNEXPLAINED, difference_json, state_of
from cloud.words.fleet.cards import WHYS
from cloud.words.loads import load_lines
from cloud.words.losses import card_json, explain_lines
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import DAY_S, day_text, time_text
from shared.facts.terms import DEEDS, FINDINGS, PURSES, word_of
from shared.money import yuan
from shared.wire.desk.calls import CardState
from shared.words.voice import Text

NAMED = 8
"""Most terminals of a line; a program gets all."""
SOON_S = 30 * DAY_S
"""A card that expires within it is told to."""
ACCOUNTS = (
    Text("卡内", "on the card"), Text("电子账户", "online"), Text("在途", "in transit"), Text("过渡余额", "pending"),
    Text("补助钱包", "subsidy purse"), Text("待回补助", "pending subsidy"),
)  # fmt: skip
"""In the order of a card's accounts."""
STATES = {
    CardState.NORMAL: Text("正常", "normal"),
    CardState.LOST: Text("挂失", "reported lost"),
    CardState.REPLACED: Text("已换卡、补卡", "replaced"),
}
KINDS = {
    "opening": Text("期初余额", "opening balance"),
    "opening_subsidy": Text("期初补助", "opening subsidy"),
    "deposit": Text("充值", "deposit"),
    "purchase": Text("消费", "purchase"),
    "evidence": Text("灰记录消费", "purchase by evidence"),
    "evidence_withdrawn": Text("灰记录冲回", "purchase by evidence withdrawn"),
    "load_authorised": Text("圈存授权", "load authorised"),
    "load_confirmed": Text("圈存入卡", "load confirmed"),
    "load_confirmed_by_counter": Text("圈存入卡", "load confirmed"),
    "load_reversed": Text("圈存退回", "load given back"),
    "load_alone": Text("圈存补记", "load posted alone"),
    "void": Text("撤销", "void"),
    "cash_in": Text("现金充值", "cash in"),
    "cash_out": Text("现金退出", "cash out"),
    "unloaded": Text("圈提", "unloaded"),
    "unloaded_by_counter": Text("圈提", "unloaded"),
    "card_replaced": Text("换卡转账", "moved to another card"),
    "loss_released": Text("余款转出", "released to the new card"),
    "grant": Text("发放", "grant"),
    "claim_authorised": Text("领款授权", "claim authorised"),
    "claim_reversed": Text("领款退回", "claim given back"),
    "claim_alone": Text("领款补记", "claim posted alone"),
    "held_returned": Text("待核退还", "held, returned to the holder"),
    "loss_borne": Text("挂失后损失由学校承担", "loss after the report, the school's"),
    "loss_taken_back": Text("挂失后损失转回", "loss taken back"),
    "account_paid": Text("账户支付", "paid by account"),
    "account_reversed": Text("账户支付冲正", "payment by account reversed"),
    "meal_repaid": Text("应急餐还款", "emergency meal repaid"),
    "meal_taken_back": Text("应急餐改正退回", "emergency meal given back"),
    "code_paid": Text("脱机付款码", "offline code"),
    "code_borne": Text("脱机付款码，学校承担", "offline code, borne by the school"),
    "deposit_refunded": Text("渠道退款", "refunded by the provider"),
    "deposit_assigned": Text("待查款入账", "unclear money assigned"),
    "online_authorised": Text("在线付款", "online payment"),
    "online_captured": Text("在线付款请款", "online payment captured"),
    "online_void": Text("在线付款撤回", "online payment void"),
    "online_refunded": Text("在线付款退款", "online payment refunded"),
    "held_released": Text("待核放行", "held, released"),
    "discount_borne": Text("折扣承担", "discount borne"),
    "discount_taken_back": Text("折扣冲回", "discount taken back"),
    "meal": Text("应急餐", "emergency meal"),
    "meal_sheet": Text("应急餐登记单", "sheet of emergency meals"),
    "spare_lent": Text("备用卡押金", "deposit for a spare card"),
    "spare_returned": Text("备用卡归还", "spare card returned"),
    "spare_kept": Text("备用卡押金没收", "deposit of a lost spare kept"),
    "spare_regained": Text("备用卡寻回", "a lost spare came back"),
}
_TAC = Text("卡的 TAC", "the card's TAC")
_COUNTER = Text("卡的下一计数器与余额", "the card's next counter and balance")
_PAPER = Text("单据", "a document")
_CALL = Text("付款人或商户的调用", "a call of the payer or the merchant")
_DESK = Text("卡务单据", "the card desk's document")
_MAC1 = Text("卡的 MAC1", "the card's MAC1")
_TWO = Text("两人决定", "two persons")
PROOFS = {
    EntryKind.OPENING: Text("签名清单", "the signed inventory"),
    EntryKind.OPENING_SUBSIDY: Text("签名清单", "the signed inventory"),
    EntryKind.DEPOSIT: _PAPER,
    EntryKind.PURCHASE: _TAC,
    EntryKind.EVIDENCE: _COUNTER,
    EntryKind.EVIDENCE_WITHDRAWN: Text("后来的证明", "a later proof"),
    EntryKind.LOAD_AUTHORISED: _MAC1,
    EntryKind.LOAD_CONFIRMED: _TAC,
    EntryKind.LOAD_CONFIRMED_BY_COUNTER: _COUNTER,
    EntryKind.LOAD_REVERSED: Text("卡仍为旧计数器", "the card has the old counter still"),
    EntryKind.LOAD_ALONE: _TAC,
    EntryKind.VOID: Text("终端签名的撤销记录", "the terminal's signed void"),
    EntryKind.CASH_IN: _DESK,
    EntryKind.CASH_OUT: _DESK,
    EntryKind.UNLOADED: Text("卡的 MAC3", "the card's MAC3"),
    EntryKind.UNLOADED_BY_COUNTER: _COUNTER,
    EntryKind.CARD_REPLACED: _DESK,
    EntryKind.LOSS_RELEASED: _DESK,
    EntryKind.GRANT: _PAPER,
    EntryKind.CLAIM_AUTHORISED: _MAC1,
    EntryKind.CLAIM_REVERSED: Text("卡仍为旧计数器", "the card has the old counter still"),
    EntryKind.CLAIM_ALONE: _TAC,
    EntryKind.HELD_RETURNED: _TWO,
    EntryKind.LOSS_BORNE: Text("挂失报告", "the report of loss"),
    EntryKind.LOSS_TAKEN_BACK: Text("撤销", "a void"),
    EntryKind.ACCOUNT_PAID: Text("中心的应答", "the centre's answer"),
    EntryKind.ACCOUNT_REVERSED: Text("终端签名的冲正", "the terminal's signed reversal"),
    EntryKind.CODE_PAID: Text("手机与终端的签名", "the phone's and the terminal's signatures"),
    EntryKind.MEAL_TAKEN_BACK: _TWO,
    EntryKind.MEAL_REPAID: Text("同一笔充值", "the deposit of this transaction"),
    EntryKind.ONLINE_AUTHORISED: _CALL,
    EntryKind.ONLINE_CAPTURED: _CALL,
    EntryKind.ONLINE_VOID: _CALL,
    EntryKind.ONLINE_REFUNDED: _CALL,
    EntryKind.DEPOSIT_REFUNDED: Text("渠道账单", "the provider's bill"),
    EntryKind.REFUND_HELD: _TWO,
    EntryKind.REFUND_BACK: Text("渠道拒绝退款", "the provider's refusal"),
    EntryKind.DEPOSIT_ASSIGNED: _TWO,
    EntryKind.SPARE_LENT: _DESK,
    EntryKind.SPARE_RETURNED: _DESK,
    EntryKind.SPARE_KEPT: _DESK,
    EntryKind.SPARE_REGAINED: _DESK,
}


def story_lines(one: Story, *, is_apart: bool = True) -> Iterator[str]:
    """All of it, as a person reads it."""
    yield str(_head(one))
    yield from (f"  {line}" for line in _life(one))
    yield from _section(Text("余额", "Balances"), balance_lines(one, is_apart=is_apart))
    if is_apart:
        yield from _section(Text("往来，由旧到新", "Movements, the oldest first"), _moves(one))
    yield from _section(Text("应急餐", "Emergency meals"), meal_lines(one))
    codes = code_lines(one.certificates, one.codes, one.as_of.campus_s)
    yield from _section(Text("脱机付款码", "Offline codes"), codes)
    yield from _section(Text("欠交与迟到", "Owed and late"), late_lines(one, is_apart=is_apart))
    yield from _section(Text("待定", "Undecided"), open_lines(one))
    if one.lost is not None:
        lost = one.lost if is_apart else _together(one.lost)
        yield from _section(Text("挂失与补换", "Loss and replacement"), explain_lines(lost))
    yield from _section(Text("差异", "Differences"), difference_lines(one, is_apart=is_apart))
    yield from _section(Text("发现", "Findings"), finding_texts(one))
    yield from _section(Text("接下来", "What comes next"), next_lines(one, is_apart=is_apart))


def balance_lines(one: Story, *, is_apart: bool) -> Iterator[Text]:
    """What the card was last known to hold, then what the books keep: never one for the other."""
    if not one.known:
        yield Text("卡上实有：未知，还没有它的流水", "on the card itself: unknown, no record of it is here")
    if is_apart:
        yield from map(_known, one.known)
    elif one.known:
        last = one.known[-1] if len(one.known) == 1 else max(one.known, key=lambda each: each.record.time)
        when = time_text(last.record.time)
        yield Text(f"最近一笔 {when}，{last.record.terminal}", f"last seen {when} at {last.record.terminal}")
    kept = one.balances if is_apart else joined(one.balances)
    yield Text("账本：" + _sums(kept).zh, "by the books: " + _sums(kept).en)


def meal_lines(one: Story) -> Iterator[Text]:
    """Given out by number, without the card; what of them is owed."""
    for meal in one.meals:
        day, fen = day_text(meal.day), yuan(meal.fen)
        waits = None if meal.entry else Text("，挂账", ", in suspense")
        back = Text("，已改正，学校承担", ", taken back, the school bears it") if meal.id in one.meals_back else None
        zh, en = halves(waits or back)
        where, number = meal.stall, meal.meal
        yield Text(f"{day} 餐次 {number} {where} ¥{fen}{zh}", f"{day} meal {number} {where} ¥{fen}{en}")
    if one.meals:
        owed = yuan(one.meals_owed_fen)
        yield Text(f"应急餐欠款 ¥{owed}", f"owed for them ¥{owed}")


def _together(lost: LostCard) -> LostCard:
    """Both purses as one."""
    return lost._replace(left_fen=lost.frozen_fen, subsidy_left_fen=0)


def late_lines(one: Story, *, is_apart: bool) -> Iterator[Text]:
    """Whether more may come, and of whom; nothing is called complete that is not."""
    if one.late.counters and not is_apart:
        yield Text("缺消费：卡已花，流水未到", "purchases are missing: spent by the card, not here yet")
    for application, counters in one.late.counters.items() if is_apart else ():
        purse, some = Text(*PURSES["subsidy" if application else "main"]), ", ".join(map(str, counters[:NAMED]))
        yield Text(
            f"{purse.zh}缺消费，计数器（缺口首尾）{some}：卡已花，流水未到",
            f"{purse.en}: purchases are missing, counters (ends of gaps) {some}: spent by the card, not here yet",
        )
    for owes in one.late.owing[:NAMED]:
        what = Text(f"欠 {owes.records} 条", f"owes {owes.records} records")
        slots = Text(f"，未完成 {owes.open_slots} 笔", f", {owes.open_slots} unfinished") if owes.open_slots else None
        zh, en = halves(slots)
        yield Text(
            f"{owes.name} {owes.place}：{what.zh}{zh}，其中可能有它的",
            f"{owes.name} {owes.place}: {what.en}{en}, its own may be among them",
        )
    yield from _more(len(one.late.owing))
    if one.late.unheard:
        names, count = " ".join(one.late.unheard[:NAMED]), len(one.late.unheard)
        yield Text(
            f"{count} 台未联系，其后有无它的消费未知：{names}",
            f"{count} not heard, whether they sold to it since is unknown: {names}",
        )
    if not one.late.counters and not one.late.owing and not one.late.unheard:
        yield Text("各终端均已收齐", "every terminal is complete")


def open_lines(one: Story) -> Iterator[Text | str]:
    """Records and loads that are not decided."""
    for grey in one.grey:
        fen, when = yuan(grey.amount_fen), time_text(grey.time)
        yield Text(
            f"灰记录 ¥{fen} {grey.terminal} {when}：卡是否已扣未知，等卡的下一笔",
            f"unproven record ¥{fen} at {grey.terminal} {when}: whether the card paid is unknown, its next tap decides",
        )
    for case in one.quarantine:
        fen, r = yuan(case.record.amount_fen), case.record
        yield Text(
            f"隔离 ¥{fen} {r.terminal} 序号 {r.seq}：未证明是它的",
            f"in quarantine ¥{fen} at {r.terminal} seq {r.seq}: not proven to be its own",
        )
    if not one.quarantine_is_whole:
        yield Text("隔离件过多，未全部看过：未知", "too many cases in quarantine, not all looked at: unknown")
    for load in one.loads:
        yield from load_lines(load)


def difference_lines(one: Story, *, is_apart: bool) -> Iterator[Text]:
    """By number, kind and state; what it is about only to whoever may see aid."""
    for each in one.differences:
        kind, state, number = FINDINGS.get(word_of(each.found.kind.name)), state_of(each), each.number
        what = Text(*kind) if kind else Text("挂失后消费", "spent since the report")
        read, expected = yuan(each.found.read_fen), yuan(each.found.expected_fen)
        sums = Text(f"，应 ¥{expected}，见 ¥{read}", f", expected ¥{expected}, found ¥{read}") if is_apart else None
        said = each.explanation
        why = Text(f"；{said.who}：{said.reason}", f"; {said.who}: {said.reason}") if said else None
        (sums_zh, sums_en), (why_zh, why_en) = halves(sums), halves(why)
        word = _DIFFERENCES[state]
        yield Text(
            f"差异 {number} {what.zh}：{word.zh}{sums_zh}{why_zh}",
            f"difference {number}, {what.en}: {word.en}{sums_en}{why_en}",
        )


def finding_texts(one: Story) -> Iterator[Text]:
    """What was found of the card, what follows, and what was said of it."""
    for each in one.findings:
        what, how, follows = finding_word(each), STANDINGS[each.standing], does(each)
        said = "；".join(f"{word.who}：{word.reason}" for word in each.words)
        then = f"（{said}）" if said else ""
        yield Text(
            f"发现 {each.number} {what.zh}：{how.zh}；{follows.zh}{then}",
            f"finding {each.number}, {what.en}: {how.en}; {follows.en}{then}",
        )


_DIFFERENCES = {
    "unexplained": Text("未说明", "unexplained"), "explained": Text("已说明", "explained"),
    "cleared": Text("已消除", "cleared"), "waiting": Text("等欠交的记录", "waits for records that are owed"),
}  # fmt: skip


def next_lines(one: Story, *, is_apart: bool) -> Iterator[Text]:
    """What happens by itself, and what somebody has to do."""
    found = [*_next_of_card(one), *_next_of_money(one, is_apart=is_apart)]
    if one.late.counters or one.late.owing:
        found.append(Text("欠交的终端交来后自动补记", "what is owed is posted by itself when the terminals bring it"))
    for each in one.differences:
        if state_of(each) == UNEXPLAINED:
            then = f"cloud differences explain --number {each.number} --who NAME --reason TEXT"
            found.append(Text(f"查明差异：{then}", f"find out about the difference: {then}"))
    for finding in one.findings:
        if finding.acts:
            then = f"cloud findings undo --number {finding.number} --who NAME --reason TEXT"
            found.append(Text(f"查明发现，无事则解除：{then}", f"find out about it; undo if it was nothing: {then}"))
    yield from found or [Text("没有待办", "nothing waits")]


def _next_of_card(one: Story) -> Iterator[Text]:
    line = one.file.line
    if line.state is CardState.LOST:
        then = f"desk reissue --label {line.label}"
        yield Text(f"补卡：{then}；找到则 cloud card cancel-report", f"a new card: {then}; found: cancel-report")
    if one.file.successor:
        yield Text(f"持卡人现用卡 {one.file.successor}", f"the holder has card {one.file.successor} now")
    left_s = line.expires - one.as_of.campus_s
    if line.expires and left_s <= SOON_S:
        day = time_text(line.expires)[:10]
        yield Text(f"有效期至 {day}：须换卡", f"valid until {day}: it must be exchanged")


def _next_of_money(one: Story, *, is_apart: bool) -> Iterator[Text]:
    *_, pending, _, back = one.balances
    if one.meals_owed_fen > 0:
        owed = yuan(one.meals_owed_fen)
        yield Text(f"应急餐欠款 ¥{owed}：下次充值先还", f"¥{owed} owed for emergency meals: the next deposit repays it")
    if pending + back > 0 and not is_apart:
        yield Text("过渡余额：可领的在圈存机领款", "pending: what can be claimed is claimed at a load machine")
    if is_apart and pending > 0:
        fen = yuan(pending)
        yield Text(f"过渡余额 ¥{fen}：在圈存机领款", f"pending ¥{fen}: to be claimed at a load machine")
    if is_apart and back > 0:
        yield Text(
            f"待回补助 ¥{yuan(back)}：尚不能回到补助钱包", f"pending subsidy ¥{yuan(back)}: nothing loads it back yet"
        )


def _head(one: Story) -> Text:
    line, fallback = one.file.line, Text("未登记", "not said")
    group = Text(line.group, line.group) if line.group else fallback
    as_of, state, number = time_text(one.as_of.campus_s), STATES[line.state], one.file.card_class
    return Text(
        f"卡 {line.label}  班级 {group.zh}  卡类 {number}  {state.zh}  （截至 {as_of}）",
        f"card {line.label}  class of holder: {group.en}  card class {number}  {state.en}  (as of {as_of})",
    )


def _life(one: Story) -> Iterator[Text]:
    issued, expires = time_text(one.file.issued)[:10], time_text(one.file.line.expires)[:10]
    until = expires if one.file.line.expires else Text("未知", "unknown")
    yield Text(f"发卡 {issued}，有效期至 {until}", f"issued {issued}, valid until {until}")
    if one.file.former:
        yield Text(f"接替卡 {one.file.former}", f"in the place of card {one.file.former}")
    for deed in reversed(one.file.deeds):
        zh, en = DEEDS.get(word_of(deed.kind.name), (deed.kind.name, deed.kind.name))
        when, tail = time_text(WALL.at(deed.at_ms / 1000)), " ".join(part for part in (deed.other, deed.text) if part)
        yield Text(f"{when} {zh} {deed.who} {tail}".rstrip(), f"{when} {en} {deed.who} {tail}".rstrip())
    for reason in one.file.reasons:
        why, said = WHYS[reason.why], " ".join(part for part in (reason.who, reason.text) if part)
        yield Text(f"在黑名单：{why.zh} {said}".rstrip(), f"on the hotlist: {why.en} {said}".rstrip())


def _known(one: LastKnown) -> Text:
    zh, en = PURSES["subsidy" if one.application else "main"]
    fen, when, at = yuan(one.fen), time_text(one.record.time), one.record.terminal
    return Text(
        f"卡上实有（{zh}）：¥{fen}，据 {when} {at} 序号 {one.record.seq}；其后未知",
        f"on the card itself ({en}): ¥{fen} by {at} seq {one.record.seq} at {when}; unknown since",
    )


def _moves(one: Story) -> Iterator[Text]:
    if one.older:
        sums = _sums(one.older_sums)
        yield Text(f"此前入账 {one.older} 笔合计：{sums.zh}", f"{one.older} booked before these: {sums.en}")
    yield from map(_move, one.moves)
    yield sum_line(one)


def sum_line(one: Story) -> Text:
    """All movements beside what the books keep."""
    summed, kept = _sums(one.summed), _sums(one.balances)
    count = one.older + len(one.moves)
    if one.adds_up:
        return Text(f"合计 {count} 笔 = 账本余额：{kept.zh}", f"{count} in all = the books: {kept.en}")
    return Text(
        f"合计 {count} 笔：{summed.zh} ≠ 账本余额 {kept.zh}（立即 cloud verify）",
        f"{count} in all: {summed.en} ≠ the books {kept.en} (run cloud verify at once)",
    )


def _move(move: Movement) -> Text:
    entry, record = move.entry, move.entry.record
    kind, shown = KINDS.get(entry.kind, Text(entry.kind, entry.kind)), _proof(move)
    when = time_text(record.time) if record else day_text(entry.effective_day)
    zh, en = halves(Text(f"，{entry.who}", f", {entry.who}") if entry.who else None)
    (at_zh, at_en), (flags_zh, flags_en) = halves(_at(move)), halves(_flags(entry.flags))
    sums = _sums(move.moved, signed=True)
    return Text(
        f"{when} {kind.zh} {sums.zh}{at_zh}；分录 {entry.entry}，凭{shown.zh}{zh}{flags_zh}",
        f"{when} {kind.en} {sums.en}{at_en}; entry {entry.entry}, by {shown.en}{en}{flags_en}",
    )


def _at(move: Movement) -> Text | None:
    """The terminal, and its own number of it."""
    record = move.entry.record
    if record is None:
        return None
    where = " ".join(part for part in (record.terminal, move.place) if part)
    return Text(
        f" {where} 序号 {record.epoch}:{record.seq} 计数器 {record.counter}",
        f" {where} seq {record.epoch}:{record.seq} counter {record.counter}",
    )


def _proof(move: Movement) -> Text:
    return PROOFS.get(EntryKind[move.entry.kind.upper()], _PAPER)


def _flags(flags: int) -> Text | None:
    said = []
    if flags & EntryFlag.TIME_DOUBTFUL:
        said.append(Text("时间存疑", "its time is doubtful"))
    if flags & EntryFlag.MERCHANT_HELD:
        said.append(Text("商户侧待核", "the merchant's side is held"))
    if not said:
        return None
    return Text("，" + "，".join(one.zh for one in said), ", " + ", ".join(one.en for one in said))


def joined(sums: Sums) -> Sums:
    """Both purses as one, and both pendings."""
    purse, online, transit, pending, subsidy, back = sums
    return purse + subsidy, online, transit, pending + back, 0, 0


def _sums(sums: Sums, *, signed: bool = False) -> Text:
    """Those that are not zero; the card's own always, of balances."""
    parts = [
        (account, fen) for place, (account, fen) in enumerate(zip(ACCOUNTS, sums, strict=True))
        if fen or (not signed and place in (0, 1, 3))
    ]  # fmt: skip
    said = [(account, _fen(fen, signed=signed)) for account, fen in parts]
    return Text(
        "，".join(f"{account.zh} {fen}" for account, fen in said),
        ", ".join(f"{account.en} {fen}" for account, fen in said),
    )


def _fen(fen: int, *, signed: bool) -> str:
    sign = "−" if fen < 0 else "+" if signed else ""
    return f"{sign}¥{yuan(abs(fen))}"


def _section(title: Text, lines: Iterable[object]) -> Iterator[str]:
    found = [str(line) for line in lines]
    if found:
        yield str(title)
        yield from (f"  {line}" for line in found)


def _more(count: int) -> Iterator[Text]:
    if count > NAMED:
        yield Text(f"… 另有 {count - NAMED} 台", f"… {count - NAMED} more")


def story_json(one: Story) -> dict[str, Any]:
    """Sums in fen, each account for itself in `accounts`' order; times in campus seconds, `_ms` in Unix ms."""
    line = one.file.line
    return {
        "card": line.label, "group": line.group, "class": one.file.card_class, "state": line.state.name.lower(),
        "issued": one.file.issued, "expires": line.expires, "as_of": one.as_of.campus_s, "former": one.file.former,
        "successor": one.file.successor,
        "accounts": ["purse", "online", "transit", "pending", "subsidy", "pending-subsidy"],
        "balances": list(one.balances), "summed": list(one.summed), "adds_up": one.adds_up, "older": one.older,
        "older_sums": list(one.older_sums),
        "known": [
            {"purse": "subsidy" if each.application else "main", "fen": each.fen, "time": each.record.time,
             "terminal": each.record.terminal, "epoch": each.record.epoch, "seq": each.record.seq}
            for each in one.known
        ],
        "moves": [_move_json(each) for each in one.moves],
        "missing": {("subsidy" if which else "main"): list(rows) for which, rows in one.late.counters.items()},
        "owing": [each._asdict() for each in one.late.owing], "unheard": list(one.late.unheard),
        "lost": card_json(one.lost) if one.lost else None, "grey": [each.number for each in one.grey],
        "differences": [difference_json(each) for each in one.differences],
        "findings": [finding_json(each) for each in one.findings],
        "hotlist": [{"why": each.why.name.lower(), "who": each.who, "reason": each.text} for each in one.file.reasons],
        "deeds": [
            {"kind": each.kind.name.lower(), "who": each.who, "text": each.text, "at_ms": each.at_ms,
             "other": each.other}
            for each in reversed(one.file.deeds)
        ],
        "quarantine": [each.record.number for each in one.quarantine],
        "quarantine_is_whole": one.quarantine_is_whole, "next": [both(each) for each in next_lines(one, is_apart=True)],
    }  # fmt: skip


def _move_json(move: Movement) -> dict[str, Any]:
    entry, record = move.entry, move.entry.record
    return {
        "entry": entry.entry, "kind": entry.kind, "day": entry.effective_day, "booked_ms": entry.booked_at_ms,
        "moved": list(move.moved), "terminal": record.terminal if record else "", "place": move.place,
        "epoch": record.epoch if record else 0, "seq": record.seq if record else 0,
        "counter": record.counter if record else 0, "time": record.time if record else 0, "proof": both(_proof(move)),
        "who": entry.who, "flags": entry.flags,
    }  # fmt: skip
