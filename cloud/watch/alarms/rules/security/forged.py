"""Something came with a signature that is not ours."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="forged",
    family=Family.SECURITY,
    codes=frozenset(
        {
            "ack-foreign/owner",
            "ack-forged",
            "answer-forged",
            "box-release-forged",
            "document-forged",
            "firmware-forged",
            "revocations-forged",
            "trust-refused",
        }
    ),
    advice=Advice(
        Text("伪造的签名", "a forged signature"),
        Text("有人冒充中心，或密钥被换", "somebody plays the platform, or a key was exchanged"),
        Text("未采用", "it was not taken"),
        Text("查网络与消息代理权限", "look at the network and the broker's rights"),
    ),
)
