"""What the school allows of offline codes 脱机付款码. Append-only; the last word counts; switched off by default."""

import re

from cloud.ledger.books.chart import CODE_LOSS, Account, code_loss
from cloud.ledger.funds.offline.terms import CodeRule
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database
from shared.errors import ConfigFault
from shared.fleet.wallets import DAY_MAX_FEN, ONE_MAX_FEN, USES_MAX
from shared.money import yuan
from shared.words.voice import Text

COLUMNS = "id, uses, one_fen, day_fen, bearer, who, reason, at_ms"
_BEARER = re.compile(r"[a-z][a-z0-9-]{0,31}")


class CodeRuleRefused(ConfigFault):
    """Happens when it is no rule. Nothing was changed."""


def code_rule(db: Database) -> CodeRule:
    """The one that counts. Inside of a transaction."""
    rows = db.run("SELECT uses, one_fen, day_fen, bearer FROM offline_rule ORDER BY id DESC LIMIT 1")
    return CodeRule(*rows[0]) if rows else CodeRule()


def highest_day_fen(db: Database) -> int:
    """The most that any rule so far has let a terminal take in a business day: a silent one may follow an old one."""
    return int(db.run("SELECT COALESCE(MAX(day_fen), 0) FROM offline_rule")[0][0])


def is_ruled(db: Database) -> bool:
    """Has the school ever said anything of codes? Before, terminals have no document."""
    return bool(db.run("SELECT 1 FROM offline_rule LIMIT 1"))


def set_code_rule(writing: Writing, rule: CodeRule, who: str, reason: str) -> CodeRule:
    """Inside of a transaction. The same again changes nothing. CodeRuleRefused."""
    _require_sound(rule)
    (last,) = writing.db.run("SELECT COALESCE(MAX(id), 0) FROM offline_rule")[0]
    if code_rule(writing.db) == rule:
        return rule
    row = (last + 1, *rule, who, reason, writing.now.unix_ms)
    writing.db.insert("offline_rule", COLUMNS, [row])
    writing.booking.link(BookLinkKind.CODE_RULE, last + 1, digest_of(row))
    return rule


def bearing_account(db: Database) -> Account:
    """The loss account that bears what no account pays: as the rule said that allowed codes last, for what was taken
    under it comes when it is switched off, too."""
    rows = db.run("SELECT bearer FROM offline_rule WHERE uses > 0 ORDER BY id DESC LIMIT 1")
    return code_loss(str(rows[0][0])) if rows and rows[0][0] else CODE_LOSS


def _require_sound(rule: CodeRule) -> None:
    if not rule.is_on and rule != CodeRule():
        raise CodeRuleRefused(Text("停用时不写限额", "switched off, it has no limits"))
    if not 0 <= rule.uses <= USES_MAX:
        raise CodeRuleRefused(
            Text(f"每张凭证 1..{USES_MAX} 次，0 停用", f"a certificate has 1..{USES_MAX} uses; 0: off")
        )
    one, day = yuan(ONE_MAX_FEN), yuan(DAY_MAX_FEN)
    if rule.is_on and not (0 < rule.one_fen <= ONE_MAX_FEN and rule.one_fen <= rule.day_fen <= DAY_MAX_FEN):
        raise CodeRuleRefused(
            Text(
                f"每码至多 ¥{one}，每终端每日不少于一码、至多 ¥{day}",
                f"a code is ¥{one} at most, a terminal's day at least a code and ¥{day} at most",
            )
        )
    if rule.bearer and not _BEARER.fullmatch(rule.bearer):
        raise CodeRuleRefused(Text("损失承担方为小写字母、数字与连字符", "a bearer: small letters, digits, hyphens"))
