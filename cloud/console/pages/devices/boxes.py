"""Identities of edge boxes 网关入网: codes, the four words, revoking, and whether the broker was proved to refuse.

A code is on one page once, and in no audit list. Whoever does this commands the whole campus.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, abort, g, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.clock import moment_of
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Column, asked, listed
from cloud.console.frame.told import tell
from cloud.console.pages.devices.deeds import REASON_MAX, DeedRefused
from cloud.ledger.fleet.views import BoxView
from cloud.process.qr import qr_svg
from cloud.process.settings import FOLDER
from cloud.watch.subjects.enrolment import last_standing
from cloud.words.fleet.boxes import HINDERS, day_of, next_text, step_text
from shared.errors import ConfigFault, KeyFault
from shared.wire.enrol.code import parse_ticket
from shared.wire.enrol.office import HOURS_MAX, STANDING_FILE, Row
from shared.wire.enrol.words import words_of
from shared.words.voice import Language, Text

HOURS = 24
WARN_DAYS = 60
COLUMNS: tuple[Column[dict[str, Any]], ...] = (
    Column("box", lambda one: one["box"]), Column("title_of", lambda one: one["name"]),
    Column("state", lambda one: one["step"]),
    Column("next_step", lambda one: _spoken(one["next"]) if one["next"] else ""),
    Column("certificate_until", lambda one: one["until"]), Column("box_heard", lambda one: one["heard"]),
)  # fmt: skip


def _boxes(sources: Sources) -> Reply:
    heard = {one.box: one for one in sources.reader.boxes()}
    try:
        with sources.office() as office:
            rows, standing = office.rows(), office.standing()
    except (ConfigFault, KeyFault) as fault:
        return _without(sources, heard, is_given=isinstance(fault, KeyFault))
    now_s = int(time.time())
    shown = [_shown(row, heard.get(row.box), now_s) for row in rows]
    is_proved = standing.number == standing.proved
    return render_template(
        "devices/boxes.html", list=listed(shown, COLUMNS, asked(request.args)), standing=standing,
        waiting=[one for one in shown if one["words"]], is_proved=is_proved, hours_max=HOURS_MAX, hours=HOURS,
        hinders=HINDERS.get(standing.hinders, Text("尚未证实", "not proved yet")), reason_max=REASON_MAX,
        ends_soon=standing.days < WARN_DAYS, as_of=moment_of(now_s * 1000),
        nobody_in=not any(row.ends_s for row in rows),
    )  # fmt: skip


def _without(sources: Sources, heard: Mapping[str, BoxView], *, is_given: bool) -> Reply:
    """What goes on without a signer, what waits for it, and what it said last."""
    last = last_standing(sources.settings.data / FOLDER / STANDING_FILE)
    return render_template(
        "devices/boxes_away.html", is_given=is_given, as_of=moment_of(int(time.time() * 1000)),
        boxes=[(one, moment_of(one.heard_ms)) for one in heard.values()], last=last,
        last_at=moment_of(last["at"] * 1000) if last else "",
    )  # fmt: skip


def _shown(row: Row, heard: BoxView | None, now_s: int) -> dict[str, Any]:
    words = words_of(row.key) if row.step == "waiting" else None
    is_ended = bool(row.ends_s) and not row.revoked_s and row.ends_s <= now_s + WARN_DAYS * 86_400
    is_bad = bool(row.stolen or (row.owed and row.revoked_s))
    mark = "bad" if is_bad else "warn" if words or is_ended else "off" if row.revoked_s or not row.ends_s else "ok"
    following = next_text(row, now_s)
    return {
        "row": row, "box": row.box, "name": heard.name if heard else "", "said": step_text(row), "words": words,
        "mark": mark, "is_late": row.step == "open" and row.expires_s <= now_s, "next": following,
        "step": _spoken(step_text(row)), "until": day_of(row.ends_s) if row.ends_s else None, "is_ended": is_ended,
        "expires": moment_of(row.expires_s * 1000) if row.step == "open" else "",
        "heard": moment_of(heard.heard_ms) if heard and heard.heard_ms else None,
    }  # fmt: skip


def _spoken(said: Text) -> str:
    return said.in_language(Language(g.language))


def _add(sources: Sources, box: str) -> Reply:
    """The code is on this page and nowhere else."""
    hours = request.form.get("hours", "")
    if not hours.isdecimal() or not 1 <= int(hours[:3]) <= HOURS_MAX:
        raise DeedRefused(Text(f"小时数应为 1 到 {HOURS_MAX}", f"hours are 1 to {HOURS_MAX}"))
    with sources.office() as office:
        _require(office.rows(), box)
        code, expires_s, qr = office.add(box, int(hours), _who(), approve="compare" in request.form)
    tell(f"box:{box}", Text("出入网码", "makes an enrolment code"))
    shown = render_template(
        "devices/code.html", box=box, code=code, picture=qr_svg(qr), qr=qr, server=parse_ticket(qr).server,
        until=moment_of(expires_s * 1000), compares="compare" in request.form,
    )  # fmt: skip
    return Response(shown, headers={"Cache-Control": "no-store"})


def _compare(sources: Sources, box: str) -> Reply:
    """The words on the form are those of the key that is approved; another one that came meanwhile is not."""
    is_same = request.form.get("same") == "1"
    try:
        key = bytes.fromhex(request.form.get("key", ""))
    except ValueError:
        abort(400)
    with sources.office() as office:
        office.compared(box, key, _who(), same=is_same)
    said = Text("四词相同，批准", "approves the words") if is_same else Text("四词不同", "refuses the words")
    tell(f"box:{box}", said)
    return redirect(url_for("box_identities"))


def _cancel(sources: Sources, box: str) -> Reply:
    with sources.office() as office:
        _require(office.rows(), box)
        office.cancel(box, _who())
    tell(f"box:{box}", Text("作废入网码", "cancels the code"))
    return redirect(url_for("box_identities"))


def _revoke(sources: Sources, box: str) -> Reply:
    reason = request.form.get("reason", "").strip()
    if not reason or len(reason) > REASON_MAX or request.form.get("typed", "").strip() != box:
        raise DeedRefused(Text(f"请写缘由，并输入网关编号 {box}", f"say why, and type the box's id {box}"))
    with sources.office() as office:
        _require(office.rows(), box)
        number = office.revoke(box, reason, _who())
    tell(f"box:{box}", Text(f"吊销（第 {number} 号列表）：{reason}", f"revokes it (list {number}): {reason}"))
    return redirect(url_for("box_identities"))


def _require(rows: Sequence[Row], box: str) -> None:
    if box not in {row.box for row in rows}:
        abort(404)


def _who() -> str:
    return str(g.signed.name)


PAGES = (
    Page("box_identities", "/boxes", Right.COMMAND, _boxes, Menu.DEVICES, whole=True),
    Page("box_code", "/boxes/<box>/code", Right.COMMAND, _add, writes=True, whole=True),
    Page("box_compare", "/boxes/<box>/words", Right.COMMAND, _compare, writes=True, whole=True),
    Page("box_cancel", "/boxes/<box>/cancel", Right.COMMAND, _cancel, writes=True, whole=True),
    Page("box_revoke", "/boxes/<box>/revoke", Right.COMMAND, _revoke, writes=True, whole=True),
)
