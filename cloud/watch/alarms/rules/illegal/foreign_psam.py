"""A PSAM that no inventory has, or that is another body's, sells or asks to."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.rules.reasons import PSAM
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="foreign-psam",
    family=Family.ILLEGAL,
    codes=frozenset({"epoch-refused", "record-held", "terminal-no-epoch"}),
    only=PSAM,
    quiet_ms=86_400_000,
    advice=Advice(
        Text("PSAM 不符", "a wrong or foreign PSAM"),
        Text("PSAM 换了机身、未登记，或是别校的", "moved to another body, never registered, or another school's"),
        Text("它不能营业，或其记录待核", "it may not sell, or its records are held"),
        Text(
            "到现场核对机身与 PSAM；换机走 ./ykt cloud swap",
            "hold body and PSAM together on site; an exchange goes by ./ykt cloud swap",
        ),
    ),
)
