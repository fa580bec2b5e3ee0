"""Identities of edge boxes 网关入网: codes, the four words, revoking, and whether the broker was proved to refuse.

A code is on one page once, and in no audit list. Whoever does this commands the whole campus.
"""

import time
from collections.abc import Sequence
from typing import Any

from flask import Response, abort, g, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.devices.deeds import REASON_MAX, DeedRefused
from cloud.process.qr import qr_svg
from cloud.words.fleet.boxes import HINDERS, day_of, step_text
from shared.errors import ConfigFault, KeyFault
from shared.wire.enrol.code import parse_ticket
from shared.wire.enrol.office import HOURS_MAX, Row
from shared.wire.enrol.words import words_of
from shared.words.voice import Text

HOURS = 24
WARN_DAYS = 60


def _boxes(sources: Sources) -> Reply:
    try:
        with sources.office() as office:
            rows, standing = office.rows(), office.standing()
    except (ConfigFault, KeyFault):
        return render_template("devices/boxes.html", away=True, boxes=[], standing=None, hours=HOURS)
    is_proved = standing.number == standing.proved
    return render_template(
        "devices/boxes.html", away=False, boxes=[_shown(row) for row in rows], standing=standing, is_proved=is_proved,
        hinders=HINDERS.get(standing.hinders, Text("尚未证实", "not proved yet")), hours=HOURS, hours_max=HOURS_MAX,
        reason_max=REASON_MAX, ends_soon=standing.days < WARN_DAYS,
    )  # fmt: skip


def _shown(row: Row) -> dict[str, Any]:
    words = words_of(row.key) if row.step == "waiting" else None
    is_bad = bool(row.stolen or (row.owed and row.revoked_s))
    mark = "bad" if is_bad else "off" if row.revoked_s or not row.ends_s else "warn" if words else "ok"
    is_late = row.step == "open" and row.expires_s < time.time()
    return {
        "row": row, "said": step_text(row), "words": words, "mark": mark, "is_late": is_late,
        "until": day_of(row.ends_s) if row.ends_s else "",
    }  # fmt: skip


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
        "devices/code.html", box=box, code=code, picture=qr_svg(qr), server=parse_ticket(qr).server,
        left=round((expires_s - time.time()) / 3600),
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
