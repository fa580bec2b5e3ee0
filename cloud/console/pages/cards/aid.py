"""Aid 补助, for whoever gives it and nobody else: batches, what became of them, and one person's; each look at named
persons is written into the audit list.
"""

import re
from typing import NamedTuple

from flask import abort, current_app, g, redirect, render_template, request, url_for

from cloud.console.access.audit import Deed
from cloud.console.access.rights import Right, Signed
from cloud.console.frame.clock import moment_of, wall_now
from cloud.console.frame.money import sum_text
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.cards.batches import Batch, Batches, BatchRefused
from cloud.console.pages.cards.cards import card_id
from cloud.ledger.funds.batch import Line, read_batch
from cloud.ledger.funds.grants import PAYERS, REASON_MAX
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.shown.aid import Collected, GrantView
from cloud.ledger.records.values import GrantRefused
from cloud.process.settings import FOLDER
from shared.ids import CardId
from shared.input.table import LABEL_MAX
from shared.words.voice import Text

FILE = "console.db"
NAME = re.compile(r"[\w\-.年月日]{1,24}")
"""Of a batch: it begins the keys of its grants, with the card's label behind it."""
TEXT_MAX = 200_000


class Row(NamedTuple):
    """A line of a batch and what became of it. fault: why it can be none."""

    line: Line
    made: GrantView | None = None
    fault: str | Text = ""


class Standing(NamedTuple):
    """A batch in sums, of nobody in particular."""

    batch: Batch
    rows: tuple[Row, ...]
    paid_fen: int
    collected_fen: int
    waits_fen: int
    unknown_fen: int


def _aid(sources: Sources) -> Reply:
    """Sums alone: no person is named here."""
    wanted = request.args.get("card", "").strip()[:LABEL_MAX]
    if wanted:
        found = sources.reader.cards_of_labels([wanted]).get(wanted)
        if found is not None:
            return redirect(url_for("aid_person", card=found.hex()))
    shown = [_standing(sources, one) for one in _batches(sources).batches()]
    limit = current_app.config["MAX_CONTENT_LENGTH"] // 1024
    return render_template(
        "cards/aid.html", fund=sources.reader.fund(), batches=shown, moment=moment_of, payers=PAYERS, limit=limit,
        wanted=wanted, may_give=_signed().everywhere(Right.GIVE_AID), as_of=moment_of(wall_now().unix_ms),
    )  # fmt: skip


def _aid_person(sources: Sources, card: str) -> Reply:
    found = sources.reader.card_file(card_id(card))
    if found is None:
        abort(404)
    label = found.line.label
    _looked(
        sources, "aid_person", f"card:{label}", Text(f"查看卡 {label} 的补助", f"looked at the aid of card {label}")
    )
    grants = sources.reader.grants(200, CardId(found.line.card))
    return render_template(
        "cards/aid_person.html", one=found, grants=grants, moment=moment_of, as_of=moment_of(wall_now().unix_ms)
    )  # fmt: skip


def _aid_batch(sources: Sources, number: str) -> Reply:
    batch = _batch(sources, number)
    said = Text(f"查看批次 {batch.name} 的名单", f"looked at who is in batch {batch.name}")
    _looked(sources, "aid_batch", f"aid-batch:{batch.name}", said)
    may_decide = _signed().everywhere(Right.GIVE_AID) and batch.maker != _signed().name
    return render_template(
        "cards/aid_batch.html", one=_standing(sources, batch), moment=moment_of, may_decide=may_decide,
        may_give=_signed().everywhere(Right.GIVE_AID), may_reject=_signed().everywhere(Right.GIVE_AID),
    )  # fmt: skip


def _try_batch(sources: Sources) -> Reply:
    """A dry run: nothing is kept, and what is proposed afterwards is this text again."""
    name, payer, text, reason = _form()
    rows = _rows(sources, _read(name, text, reason))
    tell(f"aid-batch:{name}", Text(f"试算批次 {name}", f"tried batch {name}"))
    return render_template(
        "cards/aid_tried.html", name=name, payer=payer, text=text, reason=reason, rows=rows,
        wrong=sum(bool(row.fault) for row in rows), fen=sum(row.line.fen for row in rows if not row.fault),
    )  # fmt: skip


def _propose_batch(sources: Sources) -> Reply:
    name, payer, text, reason = _form()
    rows = _rows(sources, _read(name, text, reason))
    if not rows or any(row.fault for row in rows):
        raise BatchRefused(Text("有误的行须先改正", "the lines that are wrong must be put right first"))
    lines = sorted(row.line for row in rows)
    number = _batches(sources).propose(name, payer, _signed().name, lines, wall_now().unix_ms)
    fen = sum_text(sum(line.fen for line in lines))
    said = Text(f"提出批次 {name}：{len(lines)} 笔 {fen}", f"proposed batch {name}: {len(lines)} grants, {fen}")
    tell(f"aid-batch:{name}", said)
    return redirect(url_for("aid_batch", number=number))


def _aid_decide(sources: Sources, number: str) -> Reply:
    """Decided first, then granted line by line, each once for ever: said again it goes on where it stopped."""
    batch, is_confirmed = _batch(sources, number), request.form.get("deed") == "approve"
    _batches(sources).decide(batch.number, _signed().name, wall_now().unix_ms, is_confirmed=is_confirmed)
    if is_confirmed:
        _grant(sources, batch)
    if is_confirmed:
        said = Text(f"批准批次 {batch.name}", f"approved batch {batch.name}")
    else:
        said = Text(f"否决批次 {batch.name}", f"rejected batch {batch.name}")
    tell(f"aid-batch:{batch.name}", said)
    return redirect(url_for("aid_batch", number=batch.number))


def _grant(sources: Sources, batch: Batch) -> None:
    """A line that the books refuse keeps no other one back; the page shows that it was not granted."""
    cards = sources.reader.cards_of_labels([line.label for line in batch.lines])
    with sources.books() as opened:
        ledger = Ledger(opened)
        for line in batch.lines:
            if card := cards.get(line.label):
                try:
                    ledger.grant(CardId(card), line.fen, batch.payer, line.reason, line.key, wall_now(), batch.maker)
                except GrantRefused:
                    continue


def _standing(sources: Sources, batch: Batch) -> Standing:
    made = sources.reader.grants_of_keys([line.key for line in batch.lines]) if batch.is_confirmed else {}
    by = dict.fromkeys(Collected, 0)
    for one in made.values():
        by[one.collected] += one.fen
    rows = tuple(Row(line, made.get(line.key)) for line in batch.lines)
    paid = sum(one.fen for one in made.values())
    return Standing(batch, rows, paid, by[Collected.ALL], by[Collected.NONE], by[Collected.UNKNOWN])


def _read(name: str, text: str, reason: str) -> list[Line]:
    return list(read_batch(text.encode(), name, name, reason))


def _rows(sources: Sources, lines: list[Line]) -> list[Row]:
    """Each with what is wrong with it, those first."""
    cards, seen, rows = sources.reader.cards_of_labels([line.label for line in lines]), set[str](), []
    for line in lines:
        fault: str | Text = line.fault
        if not fault and line.label not in cards:
            fault = Text("没有这张卡", "no such card")
        if not fault and line.key in seen:
            fault = Text("同一张卡在本批中出现过", "this card was in this batch before")
        if not fault and not 0 < len(line.reason) <= REASON_MAX:
            fault = Text(f"须有 1..{REASON_MAX} 个字的缘由", f"a reason of 1 to {REASON_MAX} letters is needed")
        seen.add(line.key)
        rows.append(Row(line, None, fault))
    return sorted(rows, key=lambda row: not row.fault)


def _form() -> tuple[str, str, str, str]:
    """Name, payer, the table's text, and the reason of lines without one."""
    name, payer = request.form.get("name", "").strip(), request.form.get("payer", "")
    if not NAME.fullmatch(name) or payer not in PAYERS:
        raise BatchRefused(
            Text("批次号须为 1 到 24 个字母、数字或横线", "a batch is 1 to 24 letters, digits or dashes")
        )
    sent = request.files.get("file")
    raw = sent.read(TEXT_MAX) if sent else b""
    text = _decoded(raw) if raw else request.form.get("text", "")
    return name, payer, text, " ".join(request.form.get("reason", "").split())[:REASON_MAX]


def _decoded(raw: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BatchRefused(Text("既不是 UTF-8 也不是 GB18030", "neither UTF-8 nor GB18030"))


def _looked(sources: Sources, act: str, what: str, said: Text) -> None:
    """Before anything is shown: a look that cannot be written down is not had. StoreFault."""
    who = _signed().name
    sources.audit.write(Deed(wall_now().unix_ms, who, request.remote_addr or "", act, what, said.zh, said.en, 200))


def _batch(sources: Sources, number: str) -> Batch:
    found = (
        _batches(sources).batch(int(number)) if number.isascii() and number.isdecimal() and len(number) < 10 else None
    )
    if found is None:
        abort(404)
    return found


def _batches(sources: Sources) -> Batches:
    return Batches(sources.settings.data / FOLDER / FILE)


def _signed() -> Signed:
    signed: Signed = g.signed
    return signed


PAGES = (
    Page("aid", "/aid", Right.SEE_AID, _aid, Menu.CARDS),
    Page("aid_person", "/aid/card/<card>", Right.SEE_AID, _aid_person),
    Page("aid_batch", "/aid/batch/<number>", Right.SEE_AID, _aid_batch),
    Page("aid_try_batch", "/aid/try", Right.GIVE_AID, _try_batch, writes=True),
    Page("aid_propose_batch", "/aid/batch", Right.GIVE_AID, _propose_batch, writes=True),
    Page("aid_decide", "/aid/batch/<number>", Right.GIVE_AID, _aid_decide, writes=True),
)
