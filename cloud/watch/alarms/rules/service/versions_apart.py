"""A box and the platform understand no form in common."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="versions-apart",
    family=Family.SERVICE,
    codes=frozenset({"versions-apart"}),
    advice=Advice(
        Text("网关与平台版本相差太远", "box and platform are too far apart"),
        Text("跳过了一个版本，或退得太多", "a version was left out, or one went back too far"),
        Text("流水都在网关上，暂不入账", "records are at the box, none is posted for now"),
        Text("按 docs/upgrade.md 的次序，先平台后网关", "by docs/upgrade.md: the platform first, then its boxes"),
    ),
)
