"""A PSAM was reported stolen."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="theft",
    family=Family.SECURITY,
    codes=frozenset({"psam-stolen"}),
    over=frozenset({"psam-found"}),
    quiet_ms=0,
    advice=Advice(
        Text("PSAM 失窃", "a PSAM is stolen"),
        Text("经手人挂失", "somebody has reported it"),
        Text("其后记录商户侧待核", "the merchant's side of its records is held"),
        Text("寻找该终端；办理待核", "look for the terminal; see to what is held"),
    ),
)
