"""A certificate of the platform ends within a month."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="certificate-soon",
    family=Family.SERVICE,
    grade=Level.GENERAL,
    signal="certificate-left",
    kind=Kind.SERVICE,
    condition=Condition("<", 30, least=14),
    advice=Advice(
        Text("证书一月内到期", "a certificate ends within a month"),
        Text("未续期", "it was not renewed"),
        Text("到期后连接被拒；现在不影响", "connections are refused after that; nothing is wrong now"),
        Text("本周内续期：provision certificate renew", "this week: provision certificate renew"),
    ),
)
