"""The key process takes no call: nothing is proven."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="keys-down",
    family=Family.SERVICE,
    grade=Level.URGENT,
    signal="service-down",
    kind=Kind.SERVICE,
    condition=Condition(">=", 1),
    scope="keys",
    for_ms=10_000,
    off_ms=5_000,
    advice=Advice(
        Text("密钥进程不应答", "the key process does not answer"),
        Text("进程停止，或密钥库打不开", "it has stopped, or its store cannot be opened"),
        Text("记录等候核验，名单不能签发，充值停止", "records wait to be proven, no list is signed, no load works"),
        Text("./ykt status；看密钥进程的日志，重启", "see ./ykt status and its log; start it again"),
    ),
)
