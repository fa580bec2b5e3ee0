"""Deposits through a provider that do not match, or of which nobody can say what became of them."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="provider-deposit",
    family=Family.LEDGER,
    codes=frozenset(
        {
            "deposit-bill-broken",
            "deposit-forged",
            "deposit-item",
            "deposit-odd",
            "deposit-unknown",
            "fee-invoice-apart",
            "refund-refused",
            "refund-unknown",
        }
    ),
    quiet_ms=0,
    advice=Advice(
        Text("渠道充值不符", "a doubtful deposit"),
        Text("渠道迟报、错报，或有人冒充渠道", "a provider that is late or wrong, or somebody in its name"),
        Text("该笔待查，账本与渠道账单有差", "the sum waits; books and the provider's bill are apart"),
        Text("./ykt cloud payments items，两人处理", "see ./ykt cloud payments items; two persons decide"),
    ),
)
