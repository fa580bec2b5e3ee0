"""A card's proof of a load or an unload is wrong."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="load-mac",
    family=Family.LOAD,
    codes=frozenset({"mac3-wrong"}),
    advice=Advice(
        Text("圈存 MAC 错误", "a wrong MAC of a load"),
        Text("卡损坏、被仿，或密钥版本不符", "a damaged or copied card, or another key version"),
        Text("该笔不记账", "it is not booked"),
        Text("收回该卡检查", "take the card in and look at it"),
    ),
)
