"""A box accepts no records: its terminals fill, then they stop."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="outbox-refused",
    family=Family.OFFLINE,
    codes=frozenset({"ballast-used", "outbox-refused"}),
    quiet_ms=1_800_000,
    advice=Advice(
        Text("网关拒收记录", "a box accepts nothing"),
        Text("磁盘满或损坏", "its disk is full or broken"),
        Text("终端存满后停售", "terminals stop once they are full"),
        Text("立即腾出磁盘或换卡", "make room at once, or change the card"),
    ),
)
