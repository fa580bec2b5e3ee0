"""Orders to terminals: chosen in three scopes, frozen, shown with what they stop, ordered or proposed to a second name.

The list of devices is on the server from the choice on: a form says no device, only which frozen selection it means.
Whoever orders must have the right to, of each terminal, now. What would leave a canteen without a till takes two names.
"""

import time
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from flask import abort, g, redirect, render_template, request, url_for

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import asked
from cloud.console.frame.told import tell
from cloud.console.pages.devices.deeds import (
    EXPIRES_S,
    MANNERS,
    REASON_MAX,
    VERBS,
    DeedRefused,
    Verb,
    deed_of,
    is_typed,
    require_reason,
)
from cloud.console.pages.devices.devices import FILTERS, Row, found_rows, may_command, seen_rows
from cloud.console.pages.devices.kept import PROPOSAL_MS, Begun, Kept, Proposal, Selection, proposed, selected
from cloud.console.pages.devices.radius import Radius, closed_boxes, radius
from cloud.fleet.ordering import Orders
from cloud.ledger.fleet.jobs.door import JobLedger
from cloud.ledger.fleet.jobs.state import Job
from cloud.ledger.records.values import Now
from cloud.process.settings import FOLDER
from cloud.words.fleet.jobs import ordered_text
from shared.clocks.clock import time_text
from shared.errors import StoreFault, YktError
from shared.fleet.order import Deed, Lock, Order, Reboot, decode_order
from shared.words.voice import Text

_ENDED = Text("这次选择已用过或已过期，请重新选择", "this selection was used or has ended: choose again")
_CLOSES_NOW = Text(
    "现在这会停掉整个食堂，请重新选择，由两人确认", "now that closes a canteen: choose again, for two persons"
)
SCOPES = ("page", "ticked", "matching")
TARGETS_MAX = 14_000
SHOWN_MAX = 200
"""Terminals that the confirmation lists by name; the others are counted."""
AWAY = ("bad", "off")
"""Marks of terminals that are not there, or of which nobody knows."""
_STOP = {Lock: "lock", Reboot: "reboot"}


class OrderUnsure(YktError):
    """Happens when nobody can say now whether an order was given. Asked for again it is given once all the same."""


_UNSURE = Text(
    "不清楚是否已下达：账本读不到。账本恢复后请在此再看；再按一次也不会下达两次",
    "not known whether it was ordered: the books cannot be read. Look again when they can; it is never given twice",
)


class Asking(NamedTuple):
    """How an order is given, beside what and to whom."""

    deed: Deed
    reason: str
    manner: str
    expires_s: int


def kept_in(sources: Sources) -> Kept:
    """The console's own tables of selections and proposals."""
    return Kept(sources.settings.data / FOLDER / "console.db")


def campus_now(sources: Sources) -> Now:
    """By this machine's clock and the campus'."""
    unix_s = time.time()
    return Now(int(unix_s * 1000), int(sources.clock().at(unix_s)))


def give(sources: Sources, begun: Begun, deed: Deed, devices: tuple[bytes, ...], job: Job, now: Now) -> int:
    """Its number, exactly one for what was begun, however often it is asked for. YktError: the books have none of it,
    or cannot say."""
    try:
        with sources.books() as opened, sources.signer() as signer:
            made = Orders(JobLedger(opened), signer, sources.clock()).give(deed, devices, job, now, begun.at_ms)
    except YktError:
        made = _looked_up(sources, begun)
        if not made:
            raise
    kept_in(sources).given(begun.what, made)
    return made


def _looked_up(sources: Sources, begun: Begun) -> int:
    """What the books have of it; 0: nothing. OrderUnsure: they cannot be read."""
    try:
        return begun.job or sources.reader.fleet.job_begun(begun.who, begun.at_ms)
    except StoreFault as fault:
        raise OrderUnsure(_UNSURE) from fault


def closes(sources: Sources, deed: Deed, devices: Collection[bytes]) -> list[str]:
    """Boxes that would have no till left; empty for what stops nobody."""
    if type(deed) not in _STOP:
        return []
    boxes = {row.device: row.box for row in sources.reader.terminals()}
    return closed_boxes(devices, sources.reader.fleet.locked(), boxes, sources.reader.fleet.kinds())


def require_command(sources: Sources, devices: Collection[bytes]) -> dict[bytes, Row]:
    """Device → its row, of all of these. 403 where one of them is not his to order about, now."""
    seen = {bytes.fromhex(row["device"]): row for row in seen_rows(sources, int(time.time() * 1000))}
    if any(device not in seen or not may_command(seen[device]) for device in devices):
        abort(403)
    return {device: seen[device] for device in devices}


# --- chosen ----------------------------------------------------------------------------------------------------------


def _choose(sources: Sources) -> Reply:
    verb, scope = VERBS.get(request.form.get("verb", "")), request.form.get("among", "")
    if verb is None or scope not in SCOPES:
        raise DeedRefused(Text("请选择指令和范围", "choose an order, and to whom"))
    devices = _chosen(sources, scope)
    if not devices:
        raise DeedRefused(Text("没有选中可下指令的终端", "no terminal was chosen that you may order about"))
    if len(devices) > TARGETS_MAX:
        raise DeedRefused(Text(f"一个任务至多 {TARGETS_MAX} 台", f"a job has at most {TARGETS_MAX} terminals"))
    number = kept_in(sources).freeze(g.signed.name, verb.name, devices, scope, int(time.time() * 1000))
    tell(
        f"verb:{verb.name}",
        Text(
            f"选定 {len(devices)} 台，待确认：{verb.words.zh}",
            f"{len(devices)} chosen, to be confirmed: {verb.words.en}",
        ),
    )
    return redirect(url_for("order", number=number))


def _chosen(sources: Sources, scope: str) -> list[bytes]:
    """As they are at this moment, of those that he may order about."""
    rows = [row for row in seen_rows(sources, int(time.time() * 1000)) if may_command(row)]
    if scope == "matching":
        rows = found_rows(rows, asked(request.form, FILTERS))
    else:
        named = {*request.form.getlist("shown" if scope == "page" else "device")}
        rows = [row for row in rows if row["device"] in named]
    return [bytes.fromhex(row["device"]) for row in rows]


# --- confirmed -------------------------------------------------------------------------------------------------------


def _order(sources: Sources, number: str) -> Reply:
    one = _selection(sources, number)
    begun = kept_in(sources).begun(selected(number))
    now, verb = campus_now(sources), VERBS[one.verb]
    there = require_command(sources, one.devices)
    whole = closes(sources, deed_of(verb.name, {"records": "1:1..1"}, ""), one.devices)
    return render_template(
        "devices/order.html", one=one, verb=verb, rows=list(there.values())[:SHOWN_MAX], expires=EXPIRES_S,
        manners=MANNERS, radius=radius_here(sources, one.devices, now, whole),
        is_typed=is_typed(verb, len(one.devices)),
        until=time_text(int(sources.clock().at(one.until_ms / 1000))), reason_max=REASON_MAX,
        away=sum(row["mark"] in AWAY for row in there.values()),
        as_of=time_text(now.campus_s), begun=begun, job=_looked_up(sources, begun) if begun else 0,
    )  # fmt: skip


def _give(sources: Sources, number: str) -> Reply:
    one, form = _selection(sources, number), request.form
    verb, now = VERBS[one.verb], campus_now(sources)
    if is_typed(verb, len(one.devices)) and form.get("count", "").strip() != str(len(one.devices)):
        raise DeedRefused(Text(f"请输入台数 {len(one.devices)}", f"type the count: {len(one.devices)}"))
    asking = _asking(verb, form)
    require_command(sources, one.devices)
    kept = kept_in(sources)
    before = kept.begun(selected(number))
    if one.until_ms < now.unix_ms or (one.is_used and before is None) or (before and before.job):
        raise DeedRefused(_ENDED)
    if not (before and _looked_up(sources, before)) and closes(sources, asking.deed, one.devices):
        if before:
            raise DeedRefused(_CLOSES_NOW)
        return _propose(kept, one, asking, now)
    begun = before or kept.begin(number, one.who, now.unix_ms)
    if begun is None:
        raise DeedRefused(_ENDED)
    job = give(sources, begun, asking.deed, one.devices, _job(asking, one.who, now), now)
    _tell_ordered(job, verb.words, len(one.devices), asking.reason)
    return redirect(url_for("job", number=job))


def _asking(verb: Verb, form: Mapping[str, str]) -> Asking:
    reason = require_reason(form.get("reason", ""))
    manner, expires = (form.get(name, "").strip() for name in ("manner", "expires"))
    if manner not in MANNERS or expires not in map(str, EXPIRES_S):
        abort(400)
    return Asking(deed_of(verb.name, form, reason), reason, manner, int(expires))


def _job(asking: Asking, who: str, now: Now) -> Job:
    manner = MANNERS[asking.manner]
    expires_ms = now.unix_ms + asking.expires_s * 1000
    return Job(0, 0, b"", who, asking.reason, now.unix_ms, expires_ms, 0, *manner)


def radius_here(sources: Sources, devices: Collection[bytes], now: Now, whole: Collection[str]) -> Radius:
    """What would be touched by something done to these, as of now."""
    reader = sources.reader
    return radius(devices, reader.fleet.stops(devices, now), (reader.meals(), reader.calendar(), now.campus_s), whole)


def _selection(sources: Sources, number: str) -> Selection:
    one = kept_in(sources).selection(number, g.signed.name)
    if one is None:
        abort(404)
    return one


def _tell_ordered(job: int, verb: Text, count: int, reason: str) -> None:
    tell(
        f"job:{job}",
        Text(f"{verb.zh} {count} 台终端：{reason}", f"{verb.en} to {count} terminals: {reason}"),
    )


# --- by two persons --------------------------------------------------------------------------------------------------


def _propose(kept: Kept, one: Selection, asking: Asking, now: Now) -> Reply:
    made = Proposal(
        0, Order(asking.deed).encode(), one.devices, one.who, asking.reason, asking.manner, asking.expires_s,
        now.unix_ms, now.unix_ms + PROPOSAL_MS,
    )  # fmt: skip
    number = kept.propose(made, one.number)
    if not number:
        raise DeedRefused(Text("待确认的指令太多，请先处理", "too many orders wait already: decide those first"))
    words = VERBS[one.verb].words
    tell(
        f"order:{number}",
        Text(
            f"提议{words.zh} {len(one.devices)} 台，须另一人确认：{asking.reason}",
            f"proposed to another person: {words.en} to {len(one.devices)} terminals: {asking.reason}",
        ),
    )
    return redirect(url_for("orders"))


def _orders(sources: Sources) -> Reply:
    """All that wait for a second person, of what he sees whole."""
    now, clock = campus_now(sources), sources.clock()
    seen = {bytes.fromhex(row["device"]): row for row in seen_rows(sources, now.unix_ms)}
    waiting = [one for one in kept_in(sources).waiting(now.unix_ms) if all(device in seen for device in one.devices)]
    shown = [_shown(sources, one, seen, now) for one in waiting]
    unsure = [
        {**_shown(sources, one, seen, now), "begun": begun, "job": _looked_up(sources, begun)}
        for one, begun in kept_in(sources).unsure(now.unix_ms)
        if all(device in seen for device in one.devices)
    ]
    return render_template(
        "devices/orders.html", shown=shown, unsure=unsure, at_ms=now.unix_ms, as_of=time_text(now.campus_s),
        moment=lambda ms: time_text(int(clock.at(ms / 1000))),
    )  # fmt: skip


def _shown(sources: Sources, one: Proposal, seen: Mapping[bytes, Row], now: Now) -> dict[str, Any]:
    deed, signed = decode_order(one.body).deed, g.signed
    rows = [seen[device] for device in one.devices]
    return {
        "one": one, "verb": ordered_text(Order(deed).verb), "rows": rows[:SHOWN_MAX],
        "radius": radius_here(sources, one.devices, now, closes(sources, deed, one.devices)),
        "is_mine": one.maker == signed.name,
        "may_again": all(may_command(row) for row in rows),
        "may_confirm": one.maker != signed.name and all(may_command(row) for row in rows),
    }  # fmt: skip


def _confirm_order(sources: Sources, number: int) -> Reply:
    kept, now, signed = kept_in(sources), campus_now(sources), _signed()
    one = _decided(kept, number, now) or _proposal(kept, number, now)
    require_command(sources, one.devices)
    begun = kept.begun(proposed(number))
    if begun is None:
        begun = _begin(kept, one, signed.name, now)
    deed = decode_order(one.body).deed
    asking = Asking(deed, one.reason, one.manner, one.expires_s)
    job = give(sources, begun, deed, one.devices, _job(asking, begun.who, now), now)
    _tell_ordered(job, ordered_text(Order(deed).verb), len(one.devices), one.reason)
    return redirect(url_for("job", number=job))


def _begin(kept: Kept, one: Proposal, checker: str, now: Now) -> Begun:
    """The second person has said yes; that stands, whatever becomes of the order."""
    if one.maker == checker:
        raise DeedRefused(Text("须由另一人确认", "another person confirms it"))
    is_first = kept.decide(one.number, checker, now.unix_ms, is_confirmed=True)
    begun = kept.begun(proposed(one.number))
    if not is_first or begun is None:
        abort(404)
    return begun


def _decided(kept: Kept, number: int, now: Now) -> Proposal | None:
    """One that was confirmed, of which nobody knows what came, and that lasts: it is given again by either of the two
    or by somebody else who may, under the names that it has."""
    found = (one for one, _ in kept.unsure(now.unix_ms) if one.number == number and one.until_ms >= now.unix_ms)
    return next(found, None)


def _reject_order(sources: Sources, number: int) -> Reply:
    """By its maker, too: he takes it back."""
    kept, now = kept_in(sources), campus_now(sources)
    one = _proposal(kept, number, now)
    require_command(sources, one.devices)
    if not kept.decide(number, g.signed.name, now.unix_ms, is_confirmed=False):
        abort(404)
    tell(f"order:{number}", Text("否决待确认的指令", "rejected an order that waited"))
    return redirect(url_for("orders"))


def _proposal(kept: Kept, number: int, now: Now) -> Proposal:
    one = next((one for one in kept.waiting(now.unix_ms) if one.number == number), None)
    if one is None:
        abort(404)
    return one


def _signed() -> Signed:
    found: Signed = g.signed
    return found


PAGES = (
    Page("choose", "/devices/choose", Right.COMMAND, _choose, writes=True),
    Page("order", "/devices/order/<number>", Right.COMMAND, _order),
    Page("give_order", "/devices/order/<number>/give", Right.COMMAND, _give, writes=True),
    Page("orders", "/orders", Right.SEE_CAMPUS, _orders),
    Page("confirm_order", "/orders/<int:number>/confirm", Right.COMMAND, _confirm_order, writes=True),
    Page("reject_order", "/orders/<int:number>/reject", Right.COMMAND, _reject_order, writes=True),
)
