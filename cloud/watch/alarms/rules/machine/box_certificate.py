"""A box's certificate ends soon."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="box-certificate",
    family=Family.SERVICE,
    codes=frozenset({"certificate-ends", "certificate-last-days"}),
    quiet_ms=172_800_000,
    advice=Advice(
        Text("网关证书将到期", "a box's certificate ends"),
        Text("未续期", "it was not renewed"),
        Text("到期后网关连不上中心", "the box cannot connect after that"),
        Text("provision certificate renew", "provision certificate renew"),
    ),
)
