"""A key of a payment provider's, or ours with it, is about to end."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="provider-key",
    family=Family.LEDGER,
    codes=frozenset({"provider-key-ends"}),
    quiet_ms=0,
    advice=Advice(
        Text("支付渠道的密钥快到期", "a payment provider's key ends soon"),
        Text("渠道换了密钥，新的还没放进来", "the provider has a new key, and it is not here"),
        Text("到期后其应答与回调不再可信，充值停在未知", "its answers count no more then: deposits stay unknown"),
        Text("放入新密钥，与旧的并存，重启（docs/deposits.md）", "put the new key beside the old one, restart"),
    ),
)
