"""Offline pay codes 脱机付款码 in words: the rule, certificates, what was taken by them. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from cloud.ledger.funds.offline.taking import CodeUse
from cloud.ledger.funds.offline.terms import END_TEXT, Beyond, CertificateRow, CodeRule, EndWhy
from cloud.words.both import halves
from shared.clocks.clock import time_text
from shared.facts.terms import CODES_BEYOND
from shared.fleet.wallets import ENDED_MAX
from shared.money import yuan
from shared.words.voice import Text


def rule_text(rule: CodeRule) -> Text:
    """What the school allows."""
    if not rule.is_on:
        return Text("脱机付款码：未启用", "offline codes are switched off")
    one, day = yuan(rule.one_fen), yuan(rule.day_fen)
    zh, en = halves(Text(f"，损失由 {rule.bearer} 承担", f", losses are {rule.bearer}'s") if rule.bearer else None)
    return Text(
        f"脱机付款码：每张凭证 {rule.uses} 次，每码至多 ¥{one}，每台终端每日至多 ¥{day}{zh}",
        f"offline codes: {rule.uses} uses a certificate, ¥{one} a code, ¥{day} a terminal and day at most{en}",
    )


def standing_text(rows: Sequence[CertificateRow]) -> Text:
    """Of all cards: how many can be shown, and how many ended ones terminals are told of."""
    ended = sum(bool(row.ended_why) for row in rows)
    zh, en = halves(
        Text("，停用的太多，终端一律不收", ", too many: no terminal takes any") if ended > ENDED_MAX else None
    )
    return Text(
        f"可出示的凭证 {len(rows)} 张，其中已停用 {ended} 张{zh}",
        f"{len(rows)} certificates can be shown, {ended} of them ended{en}",
    )


def certificate_text(row: CertificateRow, now_s: int) -> Text:
    """A phone that may pay without a network, or might."""
    until = time_text(row.until_s)
    zh, en = halves(END_TEXT[EndWhy(row.ended_why)] if row.ended_why else None)
    state = Text(f"，已停用：{zh}", f", ended: {en}") if row.ended_why else None
    if not row.ended_why and row.until_s <= now_s:
        state = Text("，已到期", ", over")
    zh, en = halves(state)
    return Text(
        f"凭证 {row.number}：{row.uses} 次，每码至多 ¥{yuan(row.one_fen)}，至 {until}{zh}",
        f"certificate {row.number}: {row.uses} uses, ¥{yuan(row.one_fen)} a code at most, until {until}{en}",
    )


def use_text(use: CodeUse) -> Text:
    """What a terminal took, where, and who bears it."""
    when, fen, borne = time_text(use.time_s), yuan(use.fen), yuan(use.borne_fen)
    said = [Text("挂账", "in suspense")] if use.entry is None else []
    if use.borne_fen:
        said.append(Text(f"学校承担 ¥{borne}", f"the school bears ¥{borne}"))
    if use.against:
        said.append(Text(*CODES_BEYOND[Beyond(use.against).word]))
    zh = "".join(f"，{one.zh}" for one in said)
    en = "".join(f", {one.en}" for one in said)
    head, number, times = f"{when} {use.stall} ¥{fen}", use.certificate, use.use
    return Text(f"{head}{zh}（凭证 {number} 第 {times} 次）", f"{head}{en} (certificate {number}, use {times})")


def code_lines(rows: Sequence[CertificateRow], uses: Sequence[CodeUse], now_s: int) -> Iterator[Text]:
    """Certificates, and what was taken by codes."""
    yield from (certificate_text(row, now_s) for row in rows)
    yield from map(use_text, uses)


def certificate_json(row: CertificateRow) -> dict[str, Any]:
    """Sums in fen, times in campus seconds."""
    return {
        "certificate": row.number, "card": row.card.hex(), "uses": row.uses, "one_fen": row.one_fen,
        "from_s": row.from_s, "until_s": row.until_s, "signed": bool(row.signature),
        "ended": EndWhy(row.ended_why).name.lower() if row.ended_why else None,
    }  # fmt: skip


def use_json(use: CodeUse) -> dict[str, Any]:
    """As above."""
    return {
        "certificate": use.certificate, "use": use.use, "card": use.card.hex(), "day": use.day, "fen": use.fen,
        "borne_fen": use.borne_fen, "stall": use.stall, "time": use.time_s, "posted": use.entry is not None,
        "against": Beyond(use.against).word if use.against else None,
    }  # fmt: skip
