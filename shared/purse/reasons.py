"""Why a card was refused, a purchase declined, or an outcome left open: numbers that never change, and their texts.

The numbers go into decline records and onto displays; a number is never reused.
"""

from __future__ import annotations

from enum import IntEnum

from shared.words.voice import Text


class Reason(IntEnum):
    """1-19 the card, 20-39 the purchase, 40-49 the PSAM, 50-59 load, 60-69 open outcomes, 70-79 offline codes, 80-89
    void."""

    FOREIGN_CARD = 1
    CARD_BLOCKED = 2
    CARD_DISABLED = 3
    CARD_NOT_YET_VALID = 4
    CARD_EXPIRED = 5
    CARD_DATA = 6
    CARD_GONE = 7
    CARD_LOCKED = 8
    CARD_KEY = 9
    CARD_COUNTER_FULL = 10
    CARD_REFUSED = 11
    PIN_WANTED = 12
    PIN_WRONG = 13
    PIN_LOCKED = 14
    PIN_REFUSED = 15
    AMOUNT = 20
    BALANCE = 21
    HOTLISTED = 22
    CAP_SINGLE = 23
    CAP_MEAL_SUM = 24
    CAP_MEAL_COUNT = 25
    CAP_DAY_SUM = 26
    CAP_DAY_COUNT = 27
    NO_FARE = 28
    RIDE_UNCLEAR = 29
    TAPPED_TWICE = 30
    NO_RIDES = 31
    NOT_SERVED = 33
    ACCOUNT_NO_ANSWER = 36
    ACCOUNT_DENIED = 37
    ORDER_NOT_PAID = 38
    PSAM_GONE = 40
    PSAM_REFUSED = 41
    LOAD_NO_ANSWER = 50
    LOAD_DENIED = 51
    LOAD_CEILING = 52
    CENTRE_SILENT = 53
    CENTRE_DENIED = 54
    NO_RESPONSE = 60
    UNKNOWN_STATUS = 61
    BAD_RESPONSE = 62
    MAC2_WRONG = 63
    MAC2_UNCHECKED = 64
    OTHER_CARD = 65
    COUNTER_BACK = 66
    NO_EVIDENCE = 67
    PROOF_GONE = 68
    MAC3_WRONG = 69
    CODE_OFF = 70
    CODE_FORM = 71
    CODE_FOREIGN = 72
    CODE_ENDED = 73
    CODE_EXPIRED = 74
    CODE_STALE = 75
    CODE_LIMIT = 76
    CODE_DAY_SUM = 77
    CODE_USED = 78
    CODE_NO_CLOCK = 79
    VOID_NO_SALE = 80
    VOID_TWICE = 81
    VOID_OTHER_DAY = 82
    VOID_NOT_YET = 83
    VOID_OPERATOR = 84
    VOID_NEEDS_OPERATOR = 85
    VOID_OTHER_CARD = 86
    VOID_SHIFT_OVER = 87
    VOID_CODE = 88


REASON_TEXT: dict[Reason, Text] = {
    Reason.FOREIGN_CARD: Text("非本系统卡", "not a card of this system"),
    Reason.CARD_BLOCKED: Text("卡应用已锁定", "the card's application is blocked"),
    Reason.CARD_DISABLED: Text("卡未启用", "the card is not enabled"),
    Reason.CARD_NOT_YET_VALID: Text("卡未到启用日期", "the card is not valid yet"),
    Reason.CARD_EXPIRED: Text("卡已过有效期", "the card has expired"),
    Reason.CARD_DATA: Text("卡数据异常，请到卡务中心", "card data wrong, please go to the card office"),
    Reason.CARD_GONE: Text("请重新放卡", "please present the card again"),
    Reason.CARD_LOCKED: Text("卡消费功能已锁定", "spending is locked on this card"),
    Reason.CARD_KEY: Text("卡密钥版本不支持", "the card's key is not supported"),
    Reason.CARD_COUNTER_FULL: Text("卡交易次数已满，请换卡", "the card's counter is full, please replace the card"),
    Reason.CARD_REFUSED: Text("卡拒绝交易", "the card refused"),
    Reason.PIN_WANTED: Text("请输入口令", "the PIN is wanted"),
    Reason.PIN_WRONG: Text("口令错误", "wrong PIN"),
    Reason.PIN_LOCKED: Text("口令已锁定，请到卡务中心", "the PIN is locked, please go to the card office"),
    Reason.PIN_REFUSED: Text("卡拒绝验证口令", "the card would not check the PIN"),
    Reason.AMOUNT: Text("金额无效", "not a valid amount"),
    Reason.BALANCE: Text("余额不足", "balance too low"),
    Reason.HOTLISTED: Text("黑名单卡", "the card is on the hotlist"),
    Reason.CAP_SINGLE: Text("超单笔限额", "over the limit for one purchase"),
    Reason.CAP_MEAL_SUM: Text("超本餐限额", "over the limit for this meal"),
    Reason.CAP_MEAL_COUNT: Text("超本餐次数", "over the count for this meal"),
    Reason.CAP_DAY_SUM: Text("超当日限额", "over the limit for today"),
    Reason.CAP_DAY_COUNT: Text("超当日次数", "over the count for today"),
    Reason.NO_FARE: Text("本线路无此票价", "no fare is set for this ride"),
    Reason.RIDE_UNCLEAR: Text(
        "乘车记录异常，请到卡务中心",
        "the ride on the card is unclear, please go to the card office",
    ),
    Reason.NO_RIDES: Text("本卡未开通乘车，请到卡务中心", "not a card for rides, please go to the card office"),
    Reason.NOT_SERVED: Text("本餐不接待此类卡", "cards of this class are not served in this meal"),
    Reason.ACCOUNT_NO_ANSWER: Text("结果未知，请勿重复收款", "no answer: do not take it a second time"),
    Reason.ACCOUNT_DENIED: Text("中心不同意账户支付", "the centre did not allow the account payment"),
    Reason.ORDER_NOT_PAID: Text("未付款，收款码已作废", "not paid, the till's code is no good any more"),
    Reason.TAPPED_TWICE: Text("已刷卡，请勿重复", "already tapped"),
    Reason.PSAM_GONE: Text("安全模块无应答", "the PSAM does not answer"),
    Reason.PSAM_REFUSED: Text("安全模块拒绝", "the PSAM refused"),
    Reason.LOAD_NO_ANSWER: Text("中心无应答，未圈存", "no answer from the centre, nothing loaded"),
    Reason.LOAD_DENIED: Text("中心不同意圈存", "the centre did not allow the load"),
    Reason.LOAD_CEILING: Text("超过卡内余额上限", "over the highest balance a card may hold"),
    Reason.CENTRE_SILENT: Text("中心无应答，卡未改动", "no answer from the centre, the card was not touched"),
    Reason.CENTRE_DENIED: Text("中心不同意", "the centre did not allow it"),
    Reason.NO_RESPONSE: Text("交易未确认，请同一张卡重新放卡", "not confirmed, please present the same card again"),
    Reason.UNKNOWN_STATUS: Text("卡应答异常，请同一张卡重新放卡", "unclear answer, please present the same card again"),
    Reason.BAD_RESPONSE: Text("卡应答残缺，请同一张卡重新放卡", "broken answer, please present the same card again"),
    Reason.MAC2_WRONG: Text("卡验证失败，勿放行", "the card failed its check, do not serve"),
    Reason.MAC2_UNCHECKED: Text("未能验证卡，请同一张卡重新放卡", "not checked, please present the same card again"),
    Reason.OTHER_CARD: Text("不是刚才那张卡", "not the same card"),
    Reason.COUNTER_BACK: Text("卡计数器回退", "the card's counter went back"),
    Reason.NO_EVIDENCE: Text("卡内查不到该笔交易", "the card shows no trace of the transaction"),
    Reason.PROOF_GONE: Text("卡已扣款，交易认证码已被覆盖", "debited, but the card no longer holds its TAC"),
    Reason.MAC3_WRONG: Text("卡的圈提证明错误，勿付款", "the card's proof of the unload is wrong, do not pay out"),
    Reason.CODE_OFF: Text("本机不收脱机付款码", "no offline codes are taken here"),
    Reason.CODE_FORM: Text("付款码不完整或有误，请重扫", "the code is cut or wrong, scan it again"),
    Reason.CODE_FOREIGN: Text("不是本校签发的付款码", "not a code of this campus"),
    Reason.CODE_ENDED: Text("此手机的脱机付款码已停用", "this phone's offline codes have been ended"),
    Reason.CODE_EXPIRED: Text("脱机付款码已过期，请手机联网更新", "expired: the phone needs a network"),
    Reason.CODE_STALE: Text("付款码已过时，请出示新码", "the code is too old, show a new one"),
    Reason.CODE_LIMIT: Text("超脱机付款码限额", "over the limit of offline codes"),
    Reason.CODE_DAY_SUM: Text("本机今日脱机付款码已满额", "this till has taken all that it may by offline codes today"),
    Reason.CODE_USED: Text("付款码已用过，请出示新码", "the code was used, show a new one"),
    Reason.CODE_NO_CLOCK: Text("本机时钟未校准，不收脱机付款码", "the clock is not set, no offline codes are taken"),
    Reason.VOID_NO_SALE: Text("没有可撤销的消费", "there is no sale to void"),
    Reason.VOID_TWICE: Text("这一笔已撤销", "the sale is void already"),
    Reason.VOID_OTHER_DAY: Text("这一笔不是今天的，不能撤销", "the sale was on another day, it cannot be void"),
    Reason.VOID_OPERATOR: Text("本机不认识这张主管卡", "this terminal does not know this operator card"),
    Reason.VOID_NEEDS_OPERATOR: Text(
        "收银员不能单独撤销这一笔，请用主管卡",
        "not for the cashier alone: a supervisor's operator card is needed",
    ),
    Reason.VOID_OTHER_CARD: Text(
        "不是付款的那张卡，请用原卡或主管卡",
        "not the card that paid: that one, or an operator card",
    ),
    Reason.VOID_SHIFT_OVER: Text("已结班，不能在本机撤销", "its shift is closed, it cannot be void here any more"),
    Reason.VOID_CODE: Text(
        "付款码收的款不能在本机撤销，请到卡务中心",
        "paid by a phone's code: it cannot be void here, see the card desk",
    ),
    Reason.VOID_NOT_YET: Text("有一笔未确认，先处理那一笔", "a transaction is not confirmed yet, settle it first"),
}
"""Chinese first, English second. A test holds that every reason has its text."""
