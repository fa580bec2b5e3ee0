"""The watch stood still: the ingest has seen that its beat stopped."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="watch-silent",
    family=Family.SERVICE,
    codes=frozenset({"watch-silent"}),
    quiet_ms=86_400_000,
    advice=Advice(
        Text("值守曾停止", "the watch had stopped"),
        Text("进程停止或卡住", "its process had stopped or hung"),
        Text("其间的报警晚到，没有人被通知", "what happened meanwhile was told late"),
        Text("看值守的日志；确认其间发生的", "see its log; look at what happened meanwhile"),
    ),
)
