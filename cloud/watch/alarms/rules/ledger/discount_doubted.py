"""A record says a discount that its parameters do not."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="discount-doubted",
    family=Family.LEDGER,
    codes=frozenset({"discount-doubted"}),
    advice=Advice(
        Text("折扣与参数不符", "a discount that is not due"),
        Text("终端被改动，或卡类已变更", "a terminal that lies, or a changed class"),
        Text("未补付商户", "its merchant is not paid it"),
        Text("核对该终端与当时的参数", "hold the terminal against its parameters"),
    ),
)
