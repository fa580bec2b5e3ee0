"""Somebody calls a terminal port without a certificate of ours."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="no-tls",
    family=Family.SECURITY,
    codes=frozenset({"terminal-certificate", "terminal-plain"}),
    advice=Advice(
        Text("终端连接不合规", "a call without our TLS"),
        Text("旧终端，或陌生设备", "an old terminal, or a stranger"),
        Text("连接被拒", "it is turned away"),
        Text("给终端制证；陌生则查网络", "make it a certificate; look at the network"),
    ),
)
