"""Records have waited at a box for long though it is heard."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="oldest-unsent",
    family=Family.OFFLINE,
    grade=Level.IMPORTANT,
    signal="box-oldest",
    kind=Kind.BOX,
    condition=Condition(">=", 3600),
    clear=Condition("<", 600),
    off_ms=30_000,
    is_hidden=True,
    advice=Advice(
        Text("记录久未入账", "records wait for long"),
        Text("上行受阻，或中心不入账", "the way up is blocked, or nothing is posted"),
        Text("对账缺这些记录", "the books lack them"),
        Text("看网关与入账日志", "look at the logs of box and ingest"),
    ),
)
