"""A record counts for the card, and its merchant's side waits."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.rules.reasons import PSAM
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="held",
    family=Family.LEDGER,
    codes=frozenset({"record-held"}),
    but=PSAM,
    advice=Advice(
        Text("记录待核", "records are held"),
        Text("终端、PSAM 或位置存疑", "terminal, PSAM or place is doubtful"),
        Text("持卡人已付，商户暂不入账", "the holder has paid, the merchant waits"),
        Text("./ykt cloud held list，两人办理", "./ykt cloud held list, two persons decide"),
    ),
)
