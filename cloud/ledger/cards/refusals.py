"""Why the ledger refuses a card desk: a code for programs, two texts for people. Refused means nothing was changed."""

from shared.errors import WireFault
from shared.wire.desk.calls import No
from shared.words.voice import Text

UNKNOWN_CARD = No.of("unknown-card", Text("账本没有这张卡", "the ledger does not know this card"))
KEY_USED = No.of("key-used", Text("该业务号已用于另一笔", "this key was used for another deed"))
AMOUNT = No.of("amount", Text("金额无效", "not a valid amount"))
NO_FUNDS = No.of("no-funds", Text("电子账户余额不足", "the online account has not that much"))
CARD_LOST = No.of(
    "card-lost", Text("该卡已挂失，请收下卡并核对持卡人", "this card is reported lost: keep it, ask who holds it")
)
CARD_REPLACED = No.of(
    "card-replaced", Text("该卡已换新卡，旧卡作废，请收下", "this card was replaced and is void: keep it")
)
HOTLISTED = No.of("hotlisted", Text("该卡在黑名单", "this card is on the hotlist"))
DAY_CLOSED = No.of("day-closed", Text("今日已日结，不能再办理现金业务", "the day is closed: no more cash today"))
DRAWER = No.of("drawer", Text("钱箱现金不足，请先登记备用金", "the drawer has not that much cash: book a float first"))
WRONG_MAC1 = No.of("wrong-mac1", Text("卡的认证码错误", "the card's MAC1 is wrong"))
MORE_THAN_BOOKS = No.of(
    "more-than-books", Text("超过账面卡内余额，查清原因前不得圈提", "more than the books say: find out why first")
)
COUNTER_USED = No.of(
    "counter-used", Text("该卡联机序号已被占用，可疑", "the card's counter was used before: suspicious")
)
NO_CASE = No.of("no-case", Text("账本没有这笔圈提", "the ledger knows no such unload"))

NOT_LOST = No.of("not-lost", Text("该卡没有挂失", "this card is not reported lost"))
NOT_REPLACED = No.of("not-replaced", Text("该卡没有换卡或补卡", "no other card has taken this one's place"))
NEW_CARD_USED = No.of(
    "new-card-used", Text("新卡须是库存中从未用过的卡", "the new card must come from the stock, never used")
)
RANGE = No.of(
    "range", Text("应为同宽的数字号段，每次至多 500 张", "a range of numbers of one width, at most 500 cards")
)
NOT_DRAWN = No.of("not-drawn", Text("这张卡不在本人领用的空白卡中", "this card is not among those that you drew"))
WRONG_PROOF = No.of("wrong-proof", Text("卡的余额证明错误", "the card's proof of its balance is wrong"))


NOT_SPARE = No.of("not-spare", Text("这张卡不是在手的备用卡", "this card is no spare that may be lent here"))
NOT_LENT = No.of("not-lent", Text("这张备用卡没有借出", "this spare card is not lent"))
HAS_SPARE = No.of(
    "has-spare",
    Text("该持卡人已有一张备用卡，或出示的本身就是备用卡", "there is a spare card for it already, or it is one"),
)
IS_SPARE = No.of(
    "is-spare", Text("备用卡不换卡、不补卡：先收回，另借一张", "no card takes a spare's place: lend another one")
)
SPARE_DAYS = No.of("spare-days", Text("借期应为今日起至多 60 天", "until a day of the next 60, today at the earliest"))
SECOND = No.of("second", Text("无法读取的卡须另一人同办", "a card that cannot be read wants a second person"))
SPARE_NOT_EMPTY = No.of("spare-not-empty", Text("卡内还有余额：先圈提", "there is money on it: unload it first"))


class DeskRefused(WireFault):
    """Happens when a desk asks for what may not be done; nothing was changed."""

    def __init__(self, no: No) -> None:
        super().__init__(f"{no.zh} / {no.en}")
        self.no = no
