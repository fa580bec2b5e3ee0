"""Documents 下发文件, wanted 应有 beside reported 实有, as text and as JSON, in both languages. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from cloud.ledger.fleet.documents.standing import BoxRow, DocumentRow, DocumentState, DocumentsView, TerminalRow
from cloud.ledger.records.values import Now
from cloud.words.both import halves
from shared.clocks.clock import time_text
from shared.facts.terms import DOCUMENTS, VERDICTS, word_of
from shared.fleet.document import CAMPUS, DocumentKind, Scope
from shared.wire.fleet_lane import Verdict
from shared.words.voice import Text

TERMINALS_SHOWN = 200
"""Lines for people, what is red or late first; a program gets all."""
STATES = {
    DocumentState.IN_USE: Text("在用", "in use"),
    DocumentState.BEHIND: Text("落后", "behind"),
    DocumentState.STORED: Text("已存，待生效", "stored, takes effect later"),
    DocumentState.UNUSED: Text("不用", "has no use for it"),
    DocumentState.REFUSED: Text("拒绝", "refused"),
    DocumentState.FORK: Text("内容不同（分叉）", "a fork: other bytes under this number"),
    DocumentState.AHEAD: Text("比中心新", "newer than the centre's"),
    DocumentState.UNKNOWN: Text("未知", "unknown"),
}
_MARKS = {
    DocumentState.IN_USE: "●",
    DocumentState.STORED: "◐",
    DocumentState.BEHIND: "◐",
    DocumentState.UNKNOWN: "○",
    DocumentState.UNUSED: "–",
}
_RED = "✗"
_ORDER = (
    DocumentState.FORK, DocumentState.AHEAD, DocumentState.REFUSED, DocumentState.BEHIND, DocumentState.STORED,
    DocumentState.UNKNOWN, DocumentState.IN_USE, DocumentState.UNUSED,
)  # fmt: skip


def documents_json(fleet: DocumentsView) -> dict[str, Any]:
    """Times in Unix milliseconds; what nobody has said is null."""
    return {
        "documents": [_document_json(one) for one in fleet.documents],
        "boxes": [_box_json(one) for one in fleet.boxes],
        "terminals": [_terminal_json(one) for one in fleet.terminals],
        "unmade": fleet.unmade, "awaited_beyond": fleet.beyond,
        "ok": not fleet.is_red,
    }


def documents_lines(fleet: DocumentsView, now: Now) -> Iterator[str]:
    """Documents, then boxes, then terminals: red ones first."""
    if not fleet.documents:
        yield str(Text("还没有下发文件", "no document was made yet"))
    for document in fleet.documents:
        yield str(_document(document, now))
    if fleet.unmade:
        yield str(_unmade(fleet.unmade))
    if fleet.beyond:
        yield str(_beyond(fleet.beyond))
    for box in fleet.boxes:
        yield f"  {_box(box)}"
    rows = sorted(fleet.terminals, key=lambda row: (_ORDER.index(row.standing), row.name))
    for row in rows[:TERMINALS_SHOWN]:
        yield f"  {_terminal(row, now)}"
    if len(rows) > TERMINALS_SHOWN:
        more = len(rows) - TERMINALS_SHOWN
        yield str(Text(f"  … 另有 {more} 行，--json 列出全部", f"  … {more} more, --json lists all"))
    yield str(_sum([row for row in rows if row.standing is not DocumentState.UNUSED]))


def _unmade(cards: int) -> Text:
    return Text(
        f"◐ {cards} 张卡在账本已列入或移出，新版黑名单还没有签发，终端尚不知道；若持续，请看入账与密钥进程",
        f"◐ the books have listed or taken off {cards} cards, no hotlist says so yet and no terminal can know; "
        "if that lasts, look at ingest and key process",
    )


def _beyond(cards: int) -> Text:
    return Text(
        f"◐ 待补圈名单已满，另有 {cards} 张卡未列入：须到圈存机、卡务中心或领款",
        f"◐ {cards} more cards would be awaited: they wait for machine, desk or claim",
    )


def _document(one: DocumentRow, now: Now) -> Text:
    made, name = one.document, document_name(one.document.kind, one.document.scope)
    at, age_s = time_text(made.made_s), max(0, now.campus_s - one.as_of)
    return Text(
        f"{name.zh} 第 {made.generation} 版  {made.length} 字节  {at} {made.who}  签名 {age_s} 秒前",
        f"{name.en}: generation {made.generation}, {made.length} bytes, {at} by {made.who}, signed {age_s} s ago",
    )


def _box(one: BoxRow) -> Text:
    name = document_name(*one.which)
    if one.held is None:
        return Text(f"网关 {one.box}  {name.zh}：未持有", f"box {one.box}  {name.en}: holds none")
    held = one.held.generation
    mark = "●" if held == one.wanted else "◐"
    return Text(
        f"{mark} 网关 {one.box}  {name.zh}：第 {held} 版，应有 {one.wanted}",
        f"{mark} box {one.box}  {name.en}: generation {held}, wanted {one.wanted}",
    )


def _terminal(row: TerminalRow, now: Now) -> Text:
    name, how, mark = document_name(*row.which), STATES[row.standing], _MARKS.get(row.standing, _RED)
    has = row.known.said.generation if row.known else None
    real, (zh, en) = _reported(has), halves(_why(row, now))
    return Text(
        f"{mark} 终端 {row.name} {row.place}  {name.zh}：{how.zh}，应有 {row.wanted}，实有 {real.zh}{zh}",
        f"{mark} terminal {row.name} {row.place}  {name.en}: {how.en}, wanted {row.wanted}, reported {real.en}{en}",
    )


def _reported(number: int | None) -> Text:
    if number is None:
        return STATES[DocumentState.UNKNOWN]
    return Text(str(number), str(number)) if number else Text("–", "–")


def _why(row: TerminalRow, now: Now) -> Text | None:
    """The verdict of a refusal; since when it is behind."""
    if row.known is not None and row.known.said.verdict >= Verdict.REFUSED:
        word, offered = word_of(row.known.said.verdict.name), row.known.said.offered
        zh, en = VERDICTS.get(word, (word, word))
        return Text(f"，{zh}（第 {offered} 版）", f", {en} (generation {offered})")
    if row.behind_ms:
        seconds = max(0, (now.unix_ms - row.behind_ms) // 1000)
        return Text(f"，已 {seconds} 秒", f", for {seconds} s")
    return None


def _sum(rows: Sequence[TerminalRow]) -> Text:
    red = sum(row.standing.is_red for row in rows)
    late = sum(row.standing in (DocumentState.BEHIND, DocumentState.STORED) for row in rows)
    unknown = sum(row.standing is DocumentState.UNKNOWN for row in rows)
    good = len(rows) - red - late - unknown
    return Text(
        f"终端×文件 {len(rows)}：在用 {good}，未到 {late}，未知 {unknown}，须查 {red}",
        f"terminals × documents {len(rows)}: in use {good}, late {late}, unknown {unknown}, to be looked at {red}",
    )


def document_name(kind: DocumentKind, whom: Scope) -> Text:
    """And whom it is for."""
    zh, en = DOCUMENTS[word_of(kind.name)]
    if whom == CAMPUS:
        return Text(zh, en)
    return Text(f"{zh}（{_whom(whom)}）", f"{en} ({_whom(whom)})")


def _whom(whom: Scope) -> str:
    return whom[1:].hex() if whom[0] == 1 else f"#{int.from_bytes(whom[1:3], 'big')}"


def _document_json(one: DocumentRow) -> dict[str, Any]:
    made = one.document
    return _which_json(made.kind, made.scope) | {
        "generation": made.generation, "length": made.length, "pages": one.pages, "digest": made.digest.hex(),
        "who": made.who, "made_ms": made.made_ms, "as_of": one.as_of,
    }  # fmt: skip


def _box_json(one: BoxRow) -> dict[str, Any]:
    held = one.held
    return {"box": one.box, **_which_json(*one.which), "wanted": one.wanted} | {
        "held": held.generation if held else None, "as_of": held.as_of if held else None,
        "digest": held.digest.hex() if held else None,
    }  # fmt: skip


def _terminal_json(row: TerminalRow) -> dict[str, Any]:
    known = row.known
    said = known.said if known else None
    return {
        "terminal": row.name, "device": row.device.hex(), "place": row.place, "box": row.box,
        **_which_json(*row.which), "wanted": row.wanted, "standing": row.standing.value,
        "reported": said.generation if said else None, "digest": said.digest.hex() if said else None,
        "echo": said.echo if said else None, "seq": said.seq if said else None,
        "offered": said.offered if said else None, "verdict": word_of(said.verdict.name) if said else None,
        "reported_ms": known.at_ms if known else None, "since_ms": known.since_ms if known else None,
        "behind_ms": row.behind_ms or None,
    }  # fmt: skip


def _which_json(kind: DocumentKind, whom: Scope) -> dict[str, Any]:
    return {"kind": word_of(kind.name), "scope": whom.hex()}
