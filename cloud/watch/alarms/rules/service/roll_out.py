"""A roll-out of firmware stands, or a terminal went back to what it ran before."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="roll-out",
    family=Family.SERVICE,
    codes=frozenset(
        {
            "box-release-back",
            "box-rollout-held",
            "firmware-returned",
            "firmware-unheard",
            "rollout-paused",
            "rollout-returned",
            "rollout-stopped",
        }
    ),
    advice=Advice(
        Text("固件升级受阻", "a roll-out has stopped"),
        Text("映像有误，或终端未应答", "a bad image, or terminals that do not answer"),
        Text("终端仍运行原版本，照常营业", "terminals run what they ran, and sell"),
        Text("./ykt cloud firmware status 查看", "see ./ykt cloud firmware status"),
    ),
)
