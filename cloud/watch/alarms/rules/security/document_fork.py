"""One generation of a document, two different ones."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="document-fork",
    family=Family.SECURITY,
    codes=frozenset({"document-ahead", "document-fork"}),
    quiet_ms=0,
    advice=Advice(
        Text("下发文件分叉", "a document has forked"),
        Text("账本放回，或签名密钥被滥用", "a put-back ledger, or a key that was misused"),
        Text("终端用的不是中心所见", "terminals use what the centre does not see"),
        Text("./ykt cloud documents 查看，重新下发", "see ./ykt cloud documents, make it anew"),
    ),
)
