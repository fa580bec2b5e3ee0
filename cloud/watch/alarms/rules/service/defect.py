"""Our own code stumbled over a message."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="defect",
    family=Family.SERVICE,
    codes=frozenset({"message-junk/defect"}),
    advice=Advice(
        Text("程序缺陷", "a defect of ours"),
        Text("我们的程序有错", "our program is wrong"),
        Text("该消息未处理，其余照常", "this message was not dealt with, the others are"),
        Text("保留日志，报告开发者", "keep the log, tell the developers"),
    ),
)
