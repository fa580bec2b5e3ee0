"""A terminal does not take what the centre has made."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="list-refused",
    family=Family.OFFLINE,
    codes=frozenset({"document-refused"}),
    advice=Advice(
        Text("终端拒收名单", "a terminal refuses a document"),
        Text("签名、版本或容量不符", "signature, generation or size"),
        Text("它继续用旧的", "it goes on with the old one"),
        Text("看所报缘由；升级终端", "see the reason; bring newer firmware"),
    ),
)
