"""What a terminal says of an account payment is not what the ledger knows."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="account-payment",
    family=Family.LEDGER,
    codes=frozenset(
        {
            "app-guesses", "codes-guessed", "payment-contradicted", "payment-reused", "payment-unapproved",
            "reversal-held",
        }
    ),
    quiet_ms=0,
    advice=Advice(
        Text("账户支付不符", "a doubtful account payment"),
        Text("账本放回、重号，或终端被改", "a put-back ledger, a number used twice, a terminal that was changed"),
        Text("该笔挂起，持卡人与商户待定", "it is held for both sides"),
        Text("./ykt verify 看细节，两人核定", "see ./ykt verify; two persons decide"),
    ),
)
