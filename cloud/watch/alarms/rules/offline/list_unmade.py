"""Cards are listed in the books and on no hotlist yet."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="list-unmade",
    family=Family.OFFLINE,
    grade=Level.URGENT,
    signal="hotlist-unmade",
    kind=Kind.CAMPUS,
    condition=Condition(">=", 1),
    for_ms=60_000,
    advice=Advice(
        Text("挂失未制成名单", "lost cards on no list yet"),
        Text("密钥进程停止", "the key process is away"),
        Text("没有终端知道，挂失卡仍可用", "no terminal knows, lost cards still pay"),
        Text("启动密钥进程", "start the key process"),
    ),
)
