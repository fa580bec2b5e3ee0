"""A terminal that is online goes on with an old list."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="list-behind",
    family=Family.OFFLINE,
    codes=frozenset({"document-behind"}),
    advice=Advice(
        Text("名单落后", "a list is behind"),
        Text("线路拥塞，或终端拒收", "a busy line, or the terminal refuses it"),
        Text("新挂失的卡在该终端仍可用", "a card that was just lost still pays there"),
        Text("./ykt cloud documents --device 查看", "see ./ykt cloud documents --device"),
    ),
)
