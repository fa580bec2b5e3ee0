"""A box sends more than its share."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="flood",
    family=Family.SECURITY,
    codes=frozenset({"message-junk/junk", "messages-refused", "messages-slowed"}),
    advice=Advice(
        Text("网关发送过多", "a box sends too much"),
        Text("程序失控，或网关被盗用", "out of control, or stolen"),
        Text("已限速，其余照常", "it is slowed, others go on"),
        Text("看该网关；可疑则吊销", "look at the box; revoke a doubtful one"),
    ),
)
