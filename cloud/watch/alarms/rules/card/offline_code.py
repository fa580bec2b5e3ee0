"""A phone's code was used twice, beyond its certificate, or proves nothing."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="offline-code",
    family=Family.CARD,
    codes=frozenset(
        {
            "offline-code-beyond", "offline-code-day", "offline-code-short", "offline-code-twice",
            "offline-code-unproven",
        }
    ),
    quiet_ms=0,
    for_finance=True,
    advice=Advice(
        Text("脱机付款码可疑", "a doubtful offline code"),
        Text("一码在两台终端出示，或手机、终端被改", "shown at two tills, or a phone or till was changed"),
        Text("商户照付，损失由学校承担", "the merchant is paid, the school bears the loss"),
        Text("停用凭证，联系持卡人：./ykt cloud offline-codes", "end it, ask its holder: ./ykt cloud offline-codes"),
    ),
)
