"""Two terminals share an address."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="bus-duplicate-address",
    family=Family.BUS,
    codes=frozenset({"bus-duplicate-address"}),
    advice=Advice(
        Text("总线地址重复", "an address is there twice"),
        Text("安装时设错", "set wrong when it was installed"),
        Text("两台互相干扰", "they disturb each other"),
        Text("改其中一台的地址", "change one of them"),
    ),
)
