"""A job was stopped because too many failed."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="job-stopped",
    family=Family.SERVICE,
    codes=frozenset({"job-stopped"}),
    advice=Advice(
        Text("任务停止", "a job was stopped"),
        Text("未成的终端过多", "too many terminals failed"),
        Text("其余终端未执行", "the others were not ordered"),
        Text("./ykt cloud job show 看原因", "see ./ykt cloud job show"),
    ),
)
