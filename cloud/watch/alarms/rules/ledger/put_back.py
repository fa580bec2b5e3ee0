"""The ledger is an older copy that was put back, or another one."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="put-back",
    family=Family.LEDGER,
    codes=frozenset(
        {
            "ack-foreign/ledger",
            "ledger-behind",
            "ledger-changed",
            "ledger-recovery",
            "put-back/found",
            "put-back/unknown",
            "recovery",
            "recovery-gone",
        }
    ),
    over=frozenset({"put-back-closed"}),
    quiet_ms=0,
    advice=Advice(
        Text("账本被放回旧本", "an older ledger was put back"),
        Text("从备份恢复，或切换到落后的副本", "a restore, or a replica that was behind"),
        Text("网关会补来记录；充值、卡务不会再来", "boxes bring records again; deposits and desk deeds do not come"),
        Text("停止日结；./ykt cloud put-back 两人办结", "close no day; two persons close ./ykt cloud put-back"),
    ),
)
