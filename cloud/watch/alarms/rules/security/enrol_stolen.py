"""A right enrolment code came from a second key: one of the two is a thief."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="enrol-stolen",
    family=Family.SECURITY,
    grade=Level.URGENT,
    signal="enrol-stolen",
    kind=Kind.SERVICE,
    condition=Condition(">=", 1),
    advice=Advice(
        Text("入网码可能被盗", "an enrolment code may be stolen"),
        Text("对的码，来自第二把密钥", "the right code came from a second key"),
        Text("先到的一台已入网，也许不是你装的那台", "the first one is in, and may not be the one you installed"),
        Text("核对已入网的那台；不是就 cloud box revoke", "see which one is in; if wrong: cloud box revoke"),
    ),
)
