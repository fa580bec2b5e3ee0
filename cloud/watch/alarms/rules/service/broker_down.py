"""The broker takes no call: boxes wait with what they have."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="broker-down",
    family=Family.SERVICE,
    grade=Level.URGENT,
    signal="service-down",
    kind=Kind.SERVICE,
    condition=Condition(">=", 1),
    scope="broker",
    for_ms=10_000,
    off_ms=5_000,
    hides=True,
    advice=Advice(
        Text("消息代理不应答", "the broker does not answer"),
        Text("进程停止、端口或证书不对", "it has stopped, or its port or certificate is wrong"),
        Text(
            "没有记录入账，联机支付停止；终端照常脱机营业",
            "nothing is posted, nothing on line works; terminals sell on",
        ),
        Text("./ykt status；看消息代理的日志，重启", "see ./ykt status and its log; start it again"),
    ),
)
