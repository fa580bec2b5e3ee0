"""Terminals that got parameters first decline more."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="canary",
    family=Family.SERVICE,
    codes=frozenset({"canary-back", "canary-stuck"}),
    advice=Advice(
        Text("先行参数拒绝增多", "a canary declines more"),
        Text("新参数的限额、价格或卡类有误", "a limit, price or class of the new file"),
        Text("先行终端多拒绝了持卡人", "holders were refused there"),
        Text("./ykt cloud parameters history 查看，改正后再发", "see parameters history, push a right one"),
    ),
)
