"""A certificate of the platform ends soon."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="certificate",
    family=Family.SERVICE,
    grade=Level.IMPORTANT,
    signal="certificate-left",
    kind=Kind.SERVICE,
    condition=Condition("<", 14),
    advice=Advice(
        Text("证书将到期", "a certificate ends soon"),
        Text("未续期", "it was not renewed"),
        Text("到期后连接被拒", "connections are refused after that"),
        Text("provision certificate renew", "provision certificate renew"),
    ),
)
