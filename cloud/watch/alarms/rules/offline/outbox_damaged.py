"""Something in a box's outbox was not as it was written."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="outbox-damaged",
    family=Family.OFFLINE,
    codes=frozenset({"outbox-damaged", "outbox-replaced"}),
    advice=Advice(
        Text("发件箱损坏", "a damaged outbox"),
        Text("存储卡老化或掉电", "an old card, or the power went"),
        Text("损坏处的记录由终端补", "terminals bring again what was damaged"),
        Text("换存储卡，保留旧卡", "change the card, keep the old one"),
    ),
)
