"""A backup was not looked at for long: nobody knows whether it can be put back."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="backup-unverified",
    family=Family.SERVICE,
    grade=Level.GENERAL,
    signal="backup-verified-age",
    kind=Kind.SERVICE,
    condition=Condition(">", 8 * 24),
    advice=Advice(
        Text("备份久未校验", "no backup was verified for long"),
        Text("校验没有运行，或没有通过", "the check has not run, or has failed"),
        Text("是否能还原没有人知道", "nobody knows whether it can be put back"),
        Text("./ykt cloud backup check --from 一份", "./ykt cloud backup check --from BACKUP"),
    ),
)
