"""Traffic came from an address that never proved who it is."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="unauthenticated",
    family=Family.ILLEGAL,
    codes=frozenset({"terminal-unauthenticated"}),
    advice=Advice(
        Text("未认证的报文", "unauthenticated traffic"),
        Text("私接设备，或终端反复失败", "a foreign device, or a terminal that fails again and again"),
        Text("报文不予理会", "nothing of it is taken"),
        Text("到所报位置查看", "go to the place"),
    ),
)
