"""A draft compared with what terminals have, and pushed or proposed, by the doors of `cloud parameters`.

A canary's others follow by themselves, or it goes back: that was signed with it.
"""

from collections.abc import Sequence

from flask import abort, g, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.devices.commands import campus_now, radius_here
from cloud.console.pages.devices.deeds import REASON_MAX, TYPED_ABOVE
from cloud.console.pages.parameters.drafts import Draft
from cloud.console.pages.parameters.trying import (
    Refusal,
    Tried,
    Way,
    drafts,
    groups_of,
    newest_push,
    reason_of_form,
    require_maker,
    require_newest,
    tightened,
    try_out,
)
from cloud.fleet.pushing import Pusher
from cloud.ledger.fleet.parameters.door import ParameterLedger
from cloud.ledger.fleet.parameters.rows import Push, PushKind
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.held.tightening import DAYS, DAYS_MAX
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from cloud.words.fleet.parameters import KINDS
from shared.clocks.clock import time_text
from shared.errors import YktError
from shared.words.voice import Text


def _draft(sources: Sources, number: str) -> Reply:
    require_maker()
    now, clock = campus_now(sources), sources.clock()
    one = _draft_of(sources, number, now)
    with sources.books() as opened:
        ledger = ParameterLedger(opened)
        tried = try_out(ledger, one, ())
        tight = {t.position.device: t.after for t in tried.targets if t.tighter}
        refused = ledger.would_refuse(tight, now) if tight else []
        is_overtaken = newest_push(ledger) != one.behind
    changed = [t for t in tried.targets if t.is_new]
    return render_template(
        "devices/draft.html", one=one, kind=KINDS[one.kind], file=tried.file, way=tried.way, groups=groups_of(tried),
        changed=changed, of=len(tried.targets), tight=tightened(tried), refused=refused, is_overtaken=is_overtaken,
        refused_sums=(sum(r.times for r in refused), sum(r.fen for r in refused)),
        names={t.position.device: t.position.name for t in tried.targets}, days=DAYS, days_max=DAYS_MAX,
        radius=radius_here(sources, [t.position.device for t in changed], now, ()), reason_max=REASON_MAX,
        is_typed=len(changed) > TYPED_ABOVE, can_canary=one.kind is PushKind.PUSH and len(changed) > 1,
        made=time_text(int(clock.at(one.made_ms / 1000))), as_of=time_text(now.campus_s),
    )  # fmt: skip


def _draft_of(sources: Sources, number: str, now: Now) -> Draft:
    found = drafts(sources).draft(number, g.signed.name, now.unix_ms)
    return found if found is not None else abort(404)


def _push(sources: Sources, number: str) -> Reply:
    require_maker()
    now, form = campus_now(sources), request.form
    one, reason, days = _draft_of(sources, number, now), reason_of_form(), _days()
    with sources.books() as opened:
        ledger = ParameterLedger(opened)
        canary = _canary(ledger, one)
        tried = try_out(ledger, one, canary)
        if one.is_used:
            raise _used_up()
        require_newest(ledger, one.behind)
        _require_count(form.get("count", ""), sum(each.is_new for each in tried.targets))
        kept = drafts(sources)
        if not kept.use(number):
            raise _used_up()
        try:
            return _sent_on(sources, opened, one, tried, (canary, bool(form.get("by_hand")), reason, days))
        except YktError:
            kept.unuse(number)
            raise


def _sent_on(
    sources: Sources, opened: OpenedLedger, one: Draft, tried: Tried, how: tuple[list[bytes], bool, str, int]
) -> Reply:  # fmt: skip
    canary, by_hand, reason, days = how
    now = campus_now(sources)
    if tried.way is Way.NOTHING:
        raise Refusal(Text("没有变化，未下发", "nothing changes, nothing was pushed"))
    if tried.way is Way.TIGHTER:
        return _propose_tighter(opened, tried, (reason, days), now)
    if tried.way is Way.MONEY:
        return _propose(sources, one, canary, reason, now, by_hand=by_hand)
    kind = PushKind.CANARY if canary else one.kind
    with sources.signer() as signer:
        pusher = Pusher(opened, signer)
        made = pusher.push(tried.file, kind, g.signed.name, tried.targets, now, canary, by_hand=by_hand)
    return _pushed(made, reason)


def _propose_tighter(opened: OpenedLedger, tried: Tried, how: tuple[str, int], now: Now) -> Reply:
    reason, days = how
    bodies = {one.position.device: one.after for one in tried.first if one.tighter}
    refused = ParameterLedger(opened).would_refuse(bodies, now)
    sums = sum(one.times for one in refused), sum(one.fen for one in refused)
    devices = [one.position.device for one in tried.first if one.is_new]
    made = HeldLedger(opened).propose_tighter(tried.file, devices, days, sums, g.signed.name, reason, now)
    tell(
        f"proposal:{made.number}",
        Text(
            f"提议收紧限额 {days} 天，{len(devices)} 台：{reason}",
            f"proposes tighter limits for {days} days at {len(devices)} terminals: {reason}",
        ),
    )
    return redirect(url_for("parameters", _anchor="waiting"))


def _propose(sources: Sources, one: Draft, canary: Sequence[bytes], reason: str, now: Now, *, by_hand: bool) -> Reply:
    number = drafts(sources).propose(one, canary, reason, now.unix_ms, by_hand=by_hand)
    if not number:
        raise Refusal(Text("待确认的参数太多，请先处理", "too many pushes wait already: decide those first"))
    tell(
        f"parameters:w{number}",
        Text(
            f"提议下发参数，{len(one.targets)} 台，须另一人确认：{reason}",
            f"proposes to another person: parameters to {len(one.targets)} terminals: {reason}",
        ),
    )
    return redirect(url_for("parameters", _anchor="waiting"))


def _pushed(made: Push | None, reason: str) -> Reply:
    if made is None:
        raise Refusal(Text("没有变化，未下发", "nothing changes, nothing was pushed"))
    tell(
        f"push:{made.number}",
        Text(
            f"第 {made.number} 次下发参数：{len(made.made)} 台有变，{reason}",
            f"parameters, push {made.number}: {len(made.made)} terminals change; {reason}",
        ),
    )
    return redirect(url_for("push", number=made.number))


def _canary(ledger: ParameterLedger, one: Draft) -> list[bytes]:
    """ConfigFault: one that is none of those that it goes to."""
    names = [part.strip() for part in request.form.get("canary", "").replace("，", ",").replace("、", ",").split(",")]
    wanted = [name for name in names if name]
    if not wanted or one.kind is not PushKind.PUSH:
        return []
    there = {each.name: each.device for each in ledger.positions() if each.device in one.targets}
    for name in wanted:
        if name not in there:
            raise Refusal(Text(f"{name[:40]} 不在下发范围内", f"{name[:40]} is none of those that it goes to"))
    return [there[name] for name in wanted]


def _used_up() -> Refusal:
    return Refusal(Text("这份草稿已用过，请重新编辑", "this draft was used: edit again"))


def _require_count(typed: str, changed: int) -> None:
    if changed > TYPED_ABOVE and typed.strip() != str(changed):
        raise Refusal(Text(f"请输入台数 {changed}", f"type the count: {changed}"))


def _days() -> int:
    text = request.form.get("days", "") or str(DAYS)
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= DAYS_MAX):
        raise Refusal(Text(f"天数应为 1 至 {DAYS_MAX}", f"days are 1 to {DAYS_MAX}"))
    return int(text)


PAGES = (
    Page("parameter_draft", "/parameters/draft/<number>", Right.COMMAND, _draft),
    Page("parameter_push", "/parameters/draft/<number>/push", Right.COMMAND, _push, writes=True),
)
