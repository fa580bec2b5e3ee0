"""What a terminal shows on its two lines, says aloud, and tells its cashier to do. Values only, in both languages.

A text never says 成功 but in `done`, `loaded` and `voided`: those are shown after their row is in the shown log.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from edge.link.messages import Refusal
from edge.terminal.store.book import Row
from shared.fleet.capped import MEAL_FEN
from shared.ids import CardId
from shared.money import yuan
from shared.online import ORDER_MEANS, PAYMENT_TEXT, RESULT_TEXT, LoadResult, PaymentResult
from shared.purse.outcomes import PendingLoad, PendingPurchase
from shared.purse.reasons import REASON_TEXT, Reason
from shared.records import LOAD_SHAPED, Kind, application_of
from shared.transit.trip import Step, Trip, parse_trip
from shared.words.voice import Text


class Face(StrEnum):
    """The state that a display shows; LED and voice follow it."""

    DONE = "done"
    EARLIER = "earlier"
    DECLINED = "declined"
    AGAIN = "again"
    SUSPECT = "suspect"
    CLOSED = "closed"
    LOADED = "loaded"
    VOIDED = "voided"
    NOT_SELLING = "not-selling"
    NOTICE = "notice"



class Display(NamedTuple):
    """title: the big line; voice: what is said (empty = a beep); todo: what the cashier does (empty = nothing); code:
    digits for a phone to scan (empty = none)."""

    face: Face
    title: Text
    voice: Text
    todo: Text
    code: str = ""


class Bar(StrEnum):
    """Why a terminal does not sell now."""

    NOT_BOOTED = "not-booted"
    STOPPED = "stopped"
    RING_FULL = "ring-full"
    NO_EPOCH = "no-epoch"
    PSAM = "psam"
    FLASH = "flash"
    NOT_JOINED = "not-joined"
    REVOKED = "revoked"
    CATCHING_UP = "catching-up"
    LOCKED = "locked"


AMOUNTS_SHOWN = 3
_SILENT = ""
_NOTHING = Text(_SILENT, _SILENT)
_NO_OPERATOR = Text("无主管卡", "no operator card")
_AGAIN = Text("请同一张卡重新放卡", "please present the same card again")
_BAR: dict[Bar, tuple[Text, Text]] = {
    Bar.NOT_BOOTED: (Text("正在启动", "starting"), Text("请稍候", "please wait")),
    Bar.STOPPED: (Text("已停止营业", "selling has stopped"), Text("等待上传完成", "wait until everything is uploaded")),
    Bar.RING_FULL: (
        Text("存储已满，停止消费", "record store full, not selling"),
        Text("检查网络，流水上传后自动恢复", "check the network; selling resumes when records are uploaded"),
    ),
    Bar.CATCHING_UP: (
        Text("正在更新黑名单", "bringing the hotlist up to date"),
        Text("最多一分钟，请稍候", "a minute at most, please wait"),
    ),
    Bar.NO_EPOCH: (
        Text("本机尚未登记，暂停消费", "not registered yet, not selling"),
        Text("检查网络，登记后自动恢复", "check the network; selling begins after registration"),
    ),
    Bar.PSAM: (
        Text("安全模块故障，停止消费", "PSAM fault, not selling"),
        Text("关机检查安全模块，联系卡务中心", "switch off, check the PSAM, call the card office"),
    ),
    Bar.FLASH: (
        Text("流水存储故障，停止消费", "record store fault, not selling"),
        Text("勿再收款，保留本机，联系卡务中心", "take no payment, keep this terminal, call the card office"),
    ),
    Bar.NOT_JOINED: (
        Text("网络断开，暂停圈存、领款", "no network, no loading or claiming"),
        Text("请稍候再试", "please try again later"),
    ),
    Bar.LOCKED: (Text("已锁定，停止消费", "locked, not selling"), Text("由中心解锁", "the centre unlocks it")),
    Bar.REVOKED: (
        Text("本机或安全模块已挂失，停止消费", "reported stolen, not selling"),
        Text("联系卡务中心", "call the card office"),
    ),
}


_REFUSAL: dict[Refusal, Text] = {
    Refusal.UNKNOWN_DEVICE: Text("终端未登记", "unknown terminal"),
    Refusal.WRONG_KEY: Text("密钥不符", "wrong key"),
    Refusal.PSAM_MOVED: Text("安全模块属于另一终端", "the PSAM belongs to another terminal"),
    Refusal.UNKNOWN_PSAM: Text("安全模块未登记", "unknown PSAM"),
    Refusal.OTHER_BOX: Text("终端属于另一网关", "belongs to another edge box"),
    Refusal.TOO_MANY_EPOCHS: Text("换模块次数过多，待流水传完", "too many PSAM changes, records must drain first"),
    Refusal.BUSY: Text("网关忙，稍后重试", "busy, tries again"),
    Refusal.LIVE_TWICE: Text("同号终端已在线", "a terminal of this number is live"),
    Refusal.REVOKED: Text("本机或安全模块已挂失", "this terminal or its PSAM is reported stolen"),
}


def done(pending: PendingPurchase) -> Display:
    """成功: the record is durable. Whether a subsidy paid, nobody reads here: of its purse no balance is shown."""
    amount, left = yuan(pending.sale_fen), yuan(pending.balance_after_fen)
    if pending.trip:
        return _rode(parse_trip(pending.trip), amount, left)
    title = Text(f"成功 ¥{amount} 余额 ¥{left}", f"paid ¥{amount}, balance ¥{left}")
    if application_of(pending.purse):
        title = Text(f"成功 ¥{amount}", f"paid ¥{amount}")
    if pending.price_adjust_fen < 0:
        off = yuan(-pending.price_adjust_fen)
        title = Text(f"{title.zh} 已优惠 ¥{off}", f"{title.en}, ¥{off} off")
    return Display(
        Face.DONE,
        title,
        Text(f"消费{amount}元，谢谢", f"paid {amount} yuan, thank you"),
        _NOTHING,
    )


_ON, _OFF = Text("上车", "on"), Text("下车", "off")
_STEPS = {Step.BOARD: _ON, Step.ALIGHT: _OFF, Step.FLAT: _ON}


def _rode(trip: Trip, amount: str, left: str) -> Display:
    """成功 of a ride's tap. A forgotten exit, a missing boarding and a transfer are said: the fare would surprise."""
    step, owed = _STEPS[trip.step], yuan(trip.arrears_fen)
    notes = [
        (trip.arrears_fen > 0, Text(f"含上次未刷下车 ¥{owed}", f"¥{owed} of it for the exit forgotten last time")),
        (trip.has_no_boarding, Text("未刷上车，按最高票价", "not tapped on: the highest fare")),
        (trip.is_transfer, Text("换乘优惠", "transfer discount")),
    ]
    said = [note for applies, note in notes if applies]
    return Display(
        Face.DONE,
        Text(f"成功 {step.zh} ¥{amount} 余额 ¥{left}", f"{step.en} ¥{amount}, balance ¥{left}"),
        Text("请下车时刷卡", "tap off") if trip.step is Step.BOARD else Text("谢谢", "thanks"),
        Text("；".join(note.zh for note in said), "; ".join(note.en for note in said)),
    )


def _rode_before(trip: Trip, amount: str) -> Display:
    step = _STEPS[trip.step]
    return Display(
        Face.EARLIER,
        Text(
            f"成功 上次{step.zh} ¥{amount} 已记录，未再扣",
            f"{step.en} ¥{amount}: that tap went through, nothing taken now",
        ),
        Text("已刷卡", "tapped already"),
        Text("放行；为同行者付款请再刷一次", "let pass; to pay for a companion tap once more"),
    )


def earlier(amount_fen: int, trip: bytes = b"") -> Display:
    """A purchase or ride from before turned out to be paid; nothing was taken now."""
    amount = yuan(amount_fen)
    if trip:
        return _rode_before(parse_trip(trip), amount)
    return Display(
        Face.EARLIER,
        Text(f"成功 上笔 ¥{amount} 已扣款，未再扣", f"paid: the last ¥{amount} had gone through, nothing taken now"),
        Text(f"上笔{amount}元已扣款", f"the last {amount} yuan had been paid"),
        Text("放行；再买一份请重新输入金额", "serve; for another serving key the amount again"),
    )


def declined(reason: Reason) -> Display:
    """Nothing was debited, for certain."""
    why = REASON_TEXT[reason]
    again = reason in (Reason.CARD_GONE, Reason.PSAM_GONE)
    todo = Text("未扣款，请重新放卡", "nothing taken, present again") if again else Text("未扣款", "nothing taken")
    return Display(Face.DECLINED, why, why, todo)


def one_meal() -> Display:
    """Nothing was debited: the card eats one meal a period until somebody has looked at it."""
    fen = yuan(MEAL_FEN)
    return Display(
        Face.DECLINED,
        Text(f"本卡每餐限 ¥{fen}", f"this card: ¥{fen} a meal"),
        Text("本卡每餐限一份", "this card is capped at one meal"),
        Text("未扣款；卡账待核，请到卡务中心", "nothing taken; the card is being looked at: see the card desk"),
    )


def not_debited(pending: PendingPurchase) -> Display:
    """A purchase from before never happened."""
    title = Text(f"上笔 ¥{yuan(pending.amount_fen)} 未扣款", f"the last ¥{yuan(pending.amount_fen)} was not taken")
    return Display(Face.DECLINED, title, title, Text("需要消费请重新输入金额", "key the amount again to sell"))


def again(pending: PendingPurchase | PendingLoad, reason: Reason) -> Display:
    """Perhaps debited or credited: only the same card can tell."""
    why = REASON_TEXT[reason]
    amount = yuan(pending.sale_fen if isinstance(pending, PendingPurchase) else pending.request.amount_fen)
    return Display(
        Face.AGAIN,
        Text(f"{why.zh} ¥{amount}", f"{why.en}, ¥{amount}"),
        _AGAIN,
        Text("勿放行、勿收现金；同一张卡再放一次", "do not serve or take cash yet; the same card once more"),
    )


def suspect(reason: Reason) -> Display:
    """A card that failed its own proof."""
    return Display(
        Face.SUSPECT,
        REASON_TEXT[reason],
        Text("请联系工作人员", "please ask the staff"),
        Text("勿放行，请持卡人到卡务中心", "do not serve, send the holder to the card office"),
    )


def closed(pending: PendingPurchase | PendingLoad, reason: Reason) -> Display:
    """This card can say no more; the centre decides from the card's next transaction."""
    was_paid = reason is Reason.PROOF_GONE and isinstance(pending, PendingPurchase)
    todo = Text("可放行，勿再收款；由中心核对", "serve, take nothing more; the centre settles it")
    if not was_paid:
        todo = Text("勿再收款；由中心核对，持卡人可到卡务中心查询", "take nothing more; the centre settles it")
    voice = Text("交易已登记，等待核对", "noted, the centre will settle it")
    return Display(Face.CLOSED, REASON_TEXT[reason], voice, todo)


def unproven(pending: PendingPurchase | PendingLoad) -> Display:
    """A pending transaction went into the records without proof."""
    amount = yuan(pending.amount_fen if isinstance(pending, PendingPurchase) else pending.request.amount_fen)
    title = Text(f"一笔 ¥{amount} 未确认，已登记", f"a transaction of ¥{amount} stays unconfirmed and is noted")
    todo = Text("原卡再来时放一次即可核清", "when that card comes back, present it once")
    return Display(Face.NOTICE, title, _NOTHING, todo)


def voided(amount_fen: int, card: CardId, subsidy_fen: int = 0) -> Display:
    """已登记撤销: the record is durable, and the centre will give it back. The card is as it was.

    subsidy_fen: what of it nobody can claim yet.
    """
    amount = yuan(amount_fen)
    title = Text(
        f"已登记撤销 ¥{amount} 中心收到后退入过渡余额，卡尾号 {card[-2:].hex()}",
        f"a void of ¥{amount} is written: to pending load when the centre has it, card …{card[-2:].hex()}",
    )
    todo = Text(
        "卡内余额未变，之后请持卡人到圈存机领款",
        "the card is unchanged; the holder claims it at a load machine",
    )
    if subsidy_fen:
        subsidy = yuan(subsidy_fen)
        todo = Text(
            f"卡内余额未变；其中补助 ¥{subsidy} 记为待回补助，暂不能领，余款到圈存机领",
            f"the card is unchanged; ¥{subsidy} of it is a subsidy that cannot be claimed yet",
        )
    return Display(Face.VOIDED, title, Text(f"已登记撤销{amount}元", f"a void of {amount} yuan is written"), todo)


def void_noted(amount_fen: int, card: CardId, *, is_above: bool = False) -> Display:
    """The record is durable, and the centre holds it: a void by PIN alone, or above what moves by itself."""
    amount = yuan(amount_fen)
    title = Text(
        f"撤销已登记 ¥{amount} 待中心核定，卡尾号 {card[-2:].hex()}",
        f"a void of ¥{amount} is noted, the centre decides, card …{card[-2:].hex()}",
    )
    why = Text("超出自动退款的限额", "above what is given back by itself") if is_above else _NO_OPERATOR
    todo = Text(f"{why.zh}：两人核定后退入过渡余额", f"{why.en}: given back when two persons have decided")
    return Display(Face.VOIDED, title, Text(f"撤销{amount}元已登记", f"a void of {amount} yuan is noted"), todo)


def given_back(amount_fen: int, reason: Reason | None = None) -> Display:
    """A payment of two purchases was not completed: what was paid of it goes back. Nothing was sold."""
    amount = yuan(amount_fen)
    why = Text("付款未完成", "the payment was not completed") if reason is None else REASON_TEXT[reason]
    title = Text(f"{why.zh}，已付 ¥{amount} 退入过渡余额", f"{why.en}: ¥{amount} paid goes to pending load")
    todo = Text("未收款；再消费请重新输入金额，退款到圈存机领", "not paid; key the amount again to sell")
    return Display(Face.DECLINED, title, why, todo)


def paid_by_account(amount_fen: int, left_fen: int) -> Display:
    """成功: the account has paid, and the record is durable."""
    amount, left = yuan(amount_fen), yuan(left_fen)
    title = Text(f"成功 账户支付 ¥{amount} 账户余额 ¥{left}", f"paid ¥{amount} by account, ¥{left} left in it")
    return Display(Face.DONE, title, Text(f"账户支付{amount}元，谢谢", f"paid {amount} yuan, thank you"), _NOTHING)


def sold(amount_fen: int) -> Display:
    """成功: the record is durable. Nobody reads here how it was paid."""
    amount = yuan(amount_fen)
    title = Text(f"成功 ¥{amount}", f"paid ¥{amount}")
    return Display(Face.DONE, title, Text(f"消费{amount}元，谢谢", f"paid {amount} yuan, thank you"), _NOTHING)


def by_number(number: str, amount_fen: int) -> Display:
    """A sale without a card: the cashier looks at the number, and says yes."""
    title = Text(f"学号 {number} ¥{yuan(amount_fen)}", f"number {number}: ¥{yuan(amount_fen)}")
    return Display(Face.NOTICE, title, _NOTHING, Text("核对学号后确认", "look at the number, then confirm"))


def refused_number(why: Text) -> Display:
    """Nothing was recorded."""
    return Display(Face.DECLINED, why, why, Text("未记账", "nothing recorded"))


def paid_by_code(amount_fen: int) -> Display:
    """成功: as paid_by_account. What is left in the account is its holder's own, and on his phone."""
    amount = yuan(amount_fen)
    title = Text(f"成功 付款码 ¥{amount}", f"paid ¥{amount} by code")
    return Display(Face.DONE, title, Text(f"付款码收款{amount}元，谢谢", f"paid {amount} yuan, thank you"), _NOTHING)


def order_open(amount_fen: int, code: str) -> Display:
    """The customer's turn: nothing is paid yet."""
    amount = yuan(amount_fen)
    spaced = " ".join(code[at : at + 6] for at in range(0, len(code), 6))
    title = Text(f"请扫码付款 ¥{amount}　{spaced}", f"scan to pay ¥{amount}: {spaced}")
    voice = Text(f"请扫码付款{amount}元", f"{amount} yuan, please scan")
    todo = Text("未付款，等待中；取消：减号键", "not paid yet, waiting; minus to call it off")
    return Display(Face.NOTICE, title, voice, todo, code)


def order_closing(amount_fen: int) -> Display:
    """Nobody knows yet whether somebody has paid in the last moment."""
    amount = yuan(amount_fen)
    title = Text(f"正在确认收款码 ¥{amount} 的结果", f"asking what became of the till's code over ¥{amount}")
    todo = Text("请勿重复收款，稍候", "do not take it a second time, please wait")
    return Display(Face.AGAIN, title, _NOTHING, todo)


def order_closed(amount_fen: int) -> Display:
    """Nobody has paid, and nobody will."""
    why, amount = REASON_TEXT[Reason.ORDER_NOT_PAID], yuan(amount_fen)
    title = Text(f"{why.zh} ¥{amount}", f"{why.en}: ¥{amount}")
    return Display(Face.DECLINED, title, why, Text("未收款；可换方式收款", "not paid; another way will do"))


def paid_by_order(amount_fen: int) -> Display:
    """成功: as paid_by_code, by the code that this till has shown."""
    amount = yuan(amount_fen)
    title = Text(f"成功 收款码 ¥{amount}", f"paid ¥{amount} by the till's code")
    return Display(Face.DONE, title, Text(f"收款码收款{amount}元，谢谢", f"paid {amount} yuan, thank you"), _NOTHING)


def order_paid_before(amount_fen: int) -> Display:
    """The power went while a customer was paying; the record is durable."""
    amount = yuan(amount_fen)
    title = Text(f"断电前的收款码 ¥{amount} 已付款", f"before the power went: ¥{amount} by the till's code is paid")
    return Display(Face.NOTICE, title, title, Text("可以放行，不再收款", "you may serve; do not take it again"))


def code_refused(reason: Reason) -> Display:
    """Nothing was taken, for certain: neither here nor of the account."""
    why = REASON_TEXT[reason]
    return Display(Face.DECLINED, why, why, Text("未收款；可刷卡或换方式", "not paid; a card or another way will do"))


def payment_unknown(amount_fen: int) -> Display:
    """No answer in time: perhaps the account has paid. Its reversal is written next."""
    why = REASON_TEXT[Reason.ACCOUNT_NO_ANSWER]
    title = Text(f"{why.zh} ¥{yuan(amount_fen)}", f"{why.en}, ¥{yuan(amount_fen)}")
    todo = Text("正在登记冲正，请稍候", "its reversal is being written, please wait")
    return Display(Face.AGAIN, title, why, todo)


def reversed_(amount_fen: int) -> Display:
    """The reversal is durable: whatever the centre has said or will say, the account does not pay this."""
    amount = yuan(amount_fen)
    title = Text(f"账户支付 ¥{amount} 已冲正，未收款", f"the account payment of ¥{amount} is reversed: not paid")
    todo = Text("未收款；可改用卡内余额或其他方式收款", "not paid; it may be paid from the card or in another way")
    return Display(Face.NOTICE, title, Text("未收款，请换方式付款", "not paid, please pay in another way"), todo)


def payment_denied(result: PaymentResult) -> Display:
    """Nothing was taken, for certain."""
    why = PAYMENT_TEXT[result]
    return Display(Face.DECLINED, why, why, Text("未扣款", "nothing taken"))


def not_void(reason: Reason) -> Display:
    """The last sale stands."""
    why = REASON_TEXT[reason]
    return Display(Face.DECLINED, why, why, Text("未撤销", "nothing is void"))


def bar_words(bar: Bar) -> Text:
    """Why it does not sell."""
    return _BAR[bar][0]


def not_selling(bar: Bar) -> Display:
    """No sale now, and what helps."""
    title, todo = _BAR[bar]
    return Display(Face.NOT_SELLING, title, title, todo)


def locked(why: str) -> Display:
    """The centre has locked it, for this reason."""
    title, todo = _BAR[Bar.LOCKED]
    said = f"：{why}" if why else "", f": {why}" if why else ""
    return Display(Face.NOT_SELLING, Text("已锁定" + said[0], "locked" + said[1]), title, todo)


def unlocked() -> Display:
    """The lock is off."""
    return Display(Face.NOTICE, Text("已解锁", "unlocked"), _NOTHING, _NOTHING)


def shift_closed(number: int, count: int, net_fen: int) -> Display:
    """The centre has closed the shift; the slip's sums."""
    net = yuan(net_fen)
    title = Text(f"已结班 {number}：{count} 笔 ¥{net}", f"shift {number} closed: {count} sales, ¥{net}")
    todo = Text("此前的消费不能在本机撤销", "sales before it cannot be void here")
    return Display(Face.NOTICE, title, _NOTHING, todo)


def fixed(amounts: Sequence[int]) -> Display:
    """What is fixed in the meal that has begun: nothing has to be keyed. amounts: ascending, one at least."""
    shown = " / ".join(f"¥{yuan(fen)}" for fen in amounts[:AMOUNTS_SHOWN])
    more = len(amounts) > AMOUNTS_SHOWN
    title = Text(f"本餐定额 {shown}{' 等' if more else ''}", f"fixed in this meal: {shown}{' …' if more else ''}")
    return Display(Face.NOTICE, title, _NOTHING, Text("直接刷卡", "just present the card"))


def looked_for() -> Display:
    """Somebody looks for this terminal: it shows and beeps."""
    title = Text("找的就是本机", "this is the one that is looked for")
    return Display(Face.NOTICE, title, _NOTHING, _NOTHING)


def offline() -> Display:
    """The edge cannot be reached; selling goes on."""
    title = Text("网络已断，脱机收款", "no network, selling offline")
    return Display(
        Face.NOTICE, title, _NOTHING, Text("照常收款，网络恢复后流水自动上传", "go on selling; records follow")
    )


def release(number: int, name: str) -> Display:
    """At power-on: which firmware runs, where it is not the one that the body was made with."""
    title = Text(f"固件第 {number} 版 {name}", f"firmware release {number} {name}")
    return Display(Face.NOTICE, title, _NOTHING, _NOTHING)


def online(unsent: int) -> Display:
    """The edge is there again."""
    title = Text(f"已联网，待传 {unsent} 笔", f"network is up, {unsent} records to send")
    return Display(Face.NOTICE, title, _NOTHING, _NOTHING)


def healed(count: int) -> Display:
    """Flipped bits in the store that were put right."""
    title = Text(f"流水存储 {count} 处位错已修复", f"{count} flipped bits in the record store were put right")
    todo = Text("可照常收款；请卡务中心更换存储", "go on; have the store replaced")
    return Display(Face.NOTICE, title, _NOTHING, todo)


def refused(why: Refusal) -> Display:
    """The edge does not let this body join."""
    title = Text(f"网关拒绝本机：{_REFUSAL[why].zh}", f"the gateway refuses this terminal: {_REFUSAL[why].en}")
    return Display(
        Face.NOTICE, title, _NOTHING, Text("联系卡务中心，告知屏上文字", "call the card office, read this to them")
    )


def last_before(row: Row) -> Display:
    """The newest record at power-on: its holder may not have been told."""
    amount, card = yuan(row.sale_fen), row.card[-2:].hex()
    if row.kind is Kind.MEAL:
        title = Text(f"断电前最后一笔 ¥{amount}，学号尾号 {card}", f"before the power went: ¥{amount}, number …{card}")
        todo = Text("再输同一学号，不会记两次", "the same number is not recorded twice")
        return Display(Face.NOTICE, title, _NOTHING, todo)
    if row.card == ORDER_MEANS:
        return order_paid_before(row.sale_fen)
    if row.kind is Kind.CODE:
        title = Text(
            f"断电前最后一笔 ¥{amount} 付款码已收，卡尾号 {card}",
            f"before the power went: ¥{amount} by code, card …{card}",
        )
        todo = Text("同一人同额再扫码，不会重复收款", "the same holder over the same amount does not pay twice")
        return Display(Face.NOTICE, title, _NOTHING, todo)
    deed = Text("圈存", "loaded") if row.kind in LOAD_SHAPED else Text("扣款", "paid")
    title = Text(
        f"断电前最后一笔 ¥{amount} 已{deed.zh}，卡尾号 {card}",
        f"before the power went: ¥{amount} {deed.en}, card …{card}",
    )
    todo = Text(f"同一张卡再放，不会重复{deed.zh}", f"the same card over the same amount is not {deed.en} twice")
    return Display(Face.NOTICE, title, _NOTHING, todo)


def loaded(amount_fen: int, balance_fen: int, *, before: bool) -> Display:
    """圈存成功: the record is durable. before: it was an earlier load that turned out to be done."""
    amount, left = yuan(amount_fen), yuan(balance_fen)
    title = Text(f"圈存成功 ¥{amount} 余额 ¥{left}", f"loaded ¥{amount}, balance ¥{left}")
    if before:
        title = Text(
            f"上笔圈存 ¥{amount} 成功，未再圈存", f"the last load of ¥{amount} had gone through, none made now"
        )
    return Display(Face.LOADED, title, Text(f"圈存{amount}元成功", f"loaded {amount} yuan"), _NOTHING)


def claimed(amount_fen: int, balance_fen: int, rest_fen: int) -> Display:
    """领款成功: the record is durable. rest_fen: what the card had no room for, it stays claimable."""
    amount, left, rest = yuan(amount_fen), yuan(balance_fen), yuan(rest_fen)
    todo = Text(f"尚有 ¥{rest} 待领", f"¥{rest} wait for another claim") if rest_fen else _NOTHING
    title = Text(f"领款成功 ¥{amount} 余额 ¥{left}", f"claimed ¥{amount}, balance ¥{left}")
    return Display(Face.LOADED, title, Text(f"领款{amount}元成功", f"claimed {amount} yuan"), todo)


def tried_again(amount_fen: int, balance_fen: int) -> Display:
    """A load that had not reached the card has now."""
    amount, left = yuan(amount_fen), yuan(balance_fen)
    title = Text(f"补圈存成功 ¥{amount} 余额 ¥{left}", f"the load of ¥{amount} was made up for, balance ¥{left}")
    return Display(Face.LOADED, title, Text(f"补圈存{amount}元成功", f"loaded {amount} yuan"), _NOTHING)


def auto_loaded(amount_fen: int, balance_fen: int) -> Display:
    """自动圈存成功, by the holder's rule or order: the record is durable."""
    amount, left = yuan(amount_fen), yuan(balance_fen)
    title = Text(f"自动圈存成功 ¥{amount} 余额 ¥{left}", f"¥{amount} were loaded by your rule, balance ¥{left}")
    return Display(Face.LOADED, title, Text(f"自动圈存{amount}元成功", f"loaded {amount} yuan"), _NOTHING)


def load_refused(reason: Reason, result: LoadResult | None) -> Display:
    """Nothing was credited, for certain; what the centre set aside goes back by itself."""
    title = REASON_TEXT[reason] if result is None else RESULT_TEXT[result]
    return Display(Face.DECLINED, title, title, Text("卡内未变，可稍后再试", "the card is unchanged, try again later"))
