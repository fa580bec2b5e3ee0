"""A box's outbox fills: when it is full it accepts nothing, and its terminals fill next."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="outbox-room",
    family=Family.OFFLINE,
    grade=Level.IMPORTANT,
    signal="box-room",
    kind=Kind.BOX,
    condition=Condition("<", 20),
    clear=Condition(">", 30),
    off_ms=60_000,
    advice=Advice(
        Text("网关发件箱将满", "a box's outbox fills up"),
        Text("久未连上中心，或中心久不入账", "long without the platform, or nothing is posted there"),
        Text(
            "满后网关拒收，终端存满即停售",
            "once it is full the box accepts nothing, and terminals stop when they are full",
        ),
        Text(
            "先恢复网络；来不及时用移动网络或拷走发件箱",
            "bring back the network; else a mobile link, or carry the outbox",
        ),
    ),
)
