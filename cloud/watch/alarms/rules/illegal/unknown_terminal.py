"""Somebody calls with a number that no inventory has."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="unknown-terminal",
    family=Family.ILLEGAL,
    codes=frozenset({"terminal-unknown"}),
    advice=Advice(
        Text("未登记的终端", "an unknown terminal"),
        Text("新机未登记，或有人私接", "a new body that nobody registered, or somebody else's"),
        Text("它不能营业，它的数据不入账", "it cannot sell, and nothing of it is posted"),
        Text("到所报位置查看；是新机则登记", "go to the place; register it if it is ours"),
    ),
)
