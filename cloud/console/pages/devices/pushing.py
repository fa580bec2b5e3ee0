"""Parameters set at a screen: edited as fields or as text, compared with what terminals have, pushed, taken back.

The doors are those of `cloud parameters`. What refuses more than before is the ledger's proposal to a second person;
any other change of what a sale is over, or whether it goes, is proposed here. Who makes it commands the whole campus,
who confirms it decides about money. A canary's others follow by themselves, or it goes back.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

from flask import abort, g, redirect, render_template, request, url_for

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.devices.commands import campus_now, radius_here
from cloud.console.pages.devices.deeds import REASON_MAX, TYPED_ABOVE
from cloud.console.pages.devices.drafts import Draft, Drafts, Waiting
from cloud.console.pages.devices.sheets import COUNTS, RULE, SUMS, WHERE, sheet_of, text_of
from cloud.console.pages.system.once import once
from cloud.fleet.pushing import Pusher, Target, alike, targets_of
from cloud.ledger.fleet.parameters.door import ParameterLedger
from cloud.ledger.fleet.parameters.rows import Push, PushKind
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.held.tightening import DAYS, DAYS_MAX, Offer
from cloud.ledger.held.two_persons import Proposal, ProposalKind, ProposalRefused, is_same_person
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from cloud.parameters.campus_file import CampusFile, read_file
from cloud.parameters.differences import change_text, touches_money
from cloud.words.fleet.parameters import KINDS, NAMED, WORDS, named_text
from cloud.words.held import state_of
from shared.clocks.clock import time_text
from shared.errors import ConfigFault, YktError
from shared.fleet.parameters import ParameterBody
from shared.words.voice import Text

LINES_MAX = 200
"""Most lines of a difference that a page has; the others are counted."""
SEEN_S = 30.0
EMPTY = 'format = 1\ntitle = ""\n'


class Way(StrEnum):
    """What becomes of a push that is asked for."""

    NOTHING = "nothing"
    PLAIN = "plain"
    MONEY = "money"
    TIGHTER = "tighter"


class Refusal(ConfigFault):
    """Happens when what was asked for cannot be. Nothing was pushed."""


class Tried(NamedTuple):
    """A draft against the campus as it is now. first: those that get it at once."""

    file: CampusFile
    targets: list[Target]
    first: list[Target]
    way: Way


def drafts(sources: Sources) -> Drafts:
    """The console's own tables of them."""
    return Drafts(sources.file)


# --- edited ----------------------------------------------------------------------------------------------------------


def _edit(sources: Sources) -> Reply:
    """The file that was pushed last, or that of a push."""
    _require_all()
    with sources.books() as opened:
        history = ParameterLedger(opened).history()
    wanted = request.args.get("push", "")
    found = [kept.text for push, kept in history if not wanted or str(push.number) == wanted]
    if wanted and not found:
        abort(404)
    return _form(sources, found[-1] if found else EMPTY, {"to": "all"})


def _form(sources: Sources, text: str, chosen: dict[str, Any], fault: YktError | None = None) -> Reply:
    try:
        sheet = sheet_of(text)
    except ConfigFault as broken:
        sheet, fault = None, fault or broken
    is_text = request.values.get("as") == "text" or sheet is None
    page = render_template(
        "devices/edit.html", text=text, sheet=sheet, is_text=is_text, fault=fault.args[0] if fault else None,
        boxes=sources.reader.boxes(), chosen=chosen, where=WHERE, sums=SUMS, counts=COUNTS, rule=RULE,
        as_of=time_text(campus_now(sources).campus_s),
    )  # fmt: skip
    return (page, 422) if fault else page


def _try(sources: Sources) -> Reply:
    """Read, checked, resolved for each of the terminals; kept as a draft. A fault is shown beside what was typed."""
    _require_all()
    form, now = request.form, campus_now(sources)
    text = form.get("text", "").replace("\r\n", "\n")
    chosen = {"to": form.get("to", ""), "box": form.getlist("box"), "names": form.get("names", "")}
    try:
        text = _sent() or (text if form.get("as") == "text" else text_of(text, form))
        file = read_file(text)
        with sources.books() as opened:
            ledger = ParameterLedger(opened)
            devices = _chosen(ledger, chosen)
            targets_of(ledger, file, devices)
            behind = _newest(ledger)
    except ConfigFault as fault:
        return _form(sources, text, chosen, fault)
    return _kept(sources, text, PushKind.PUSH, devices, behind, now)


def _sent() -> str:
    """Of the file that was sent; empty: there was none."""
    found = request.files.get("file")
    try:
        return found.read().decode("utf-8").replace("\r\n", "\n") if found and found.filename else ""
    except UnicodeDecodeError as fault:
        raise Refusal(Text("文件不是 UTF-8", "the file is not UTF-8")) from fault


def _chosen(ledger: ParameterLedger, chosen: dict[str, Any]) -> list[bytes]:
    """ConfigFault: nobody, or somebody that there is not."""
    positions = ledger.positions()
    names = {one.strip() for one in chosen["names"].replace("，", ",").replace("、", ",").split(",") if one.strip()}
    unknown = sorted(names - {one.name for one in positions})
    if chosen["to"] == "names" and unknown:
        raise Refusal(Text(f"没有终端 {unknown[0][:40]}", f"there is no terminal {unknown[0][:40]}"))
    found = {
        "all": positions,
        "boxes": [one for one in positions if one.box in chosen["box"]],
        "names": [one for one in positions if one.name in names],
    }.get(chosen["to"], [])
    if not found:
        raise Refusal(Text("请选择发给哪些终端", "choose the terminals that it goes to"))
    return [one.device for one in found]


def _kept(sources: Sources, text: str, kind: PushKind, devices: Sequence[bytes], behind: int, now: Now) -> Reply:
    number = drafts(sources).keep(g.signed.name, text, kind, devices, behind, now.unix_ms)
    tell(
        "parameters:draft",
        Text(f"参数草稿，{len(devices)} 台终端", f"a draft of parameters for {len(devices)} terminals"),
    )
    return redirect(url_for("parameter_draft", number=number))


def _again(sources: Sources, number: int) -> Reply:
    """A draft of what that push said to the same terminals, or to those that still wait behind a canary."""
    _require_all()
    is_rest, now = request.form.get("to") == "left", campus_now(sources)
    with sources.books() as opened:
        ledger = ParameterLedger(opened)
        push, kept, behind = *_push_of(ledger, number), _newest(ledger)
    devices = push.left if is_rest else push.targets
    if not devices:
        raise Refusal(Text(f"第 {number} 次下发没有待续的终端", f"push {number} has no terminals that wait"))
    kind = PushKind.CONTINUE if is_rest else PushKind.ROLLBACK
    return _kept(sources, kept, kind, devices, behind, now)


def _push_of(ledger: ParameterLedger, number: int) -> tuple[Push, str]:
    found = next(((push, kept.text) for push, kept in ledger.history() if push.number == number), None)
    return found if found is not None else abort(404)


def _newest(ledger: ParameterLedger) -> int:
    history = ledger.history()
    return history[-1][0].number if history else 0


# --- compared --------------------------------------------------------------------------------------------------------


def _draft(sources: Sources, number: str) -> Reply:
    _require_all()
    now, clock = campus_now(sources), sources.clock()
    one = _draft_of(sources, number, now)
    with sources.books() as opened:
        ledger = ParameterLedger(opened)
        tried = _tried(ledger, one, ())
        tight = {t.position.device: t.after for t in tried.targets if t.tighter}
        refused = ledger.would_refuse(tight, now) if tight else []
        is_overtaken = _newest(ledger) != one.behind
    changed = [t for t in tried.targets if t.is_new]
    return render_template(
        "devices/draft.html", one=one, kind=KINDS[one.kind], file=tried.file, way=tried.way, groups=_groups(tried),
        changed=changed, of=len(tried.targets), tight=_tight(tried), refused=refused, is_overtaken=is_overtaken,
        refused_sums=(sum(r.times for r in refused), sum(r.fen for r in refused)),
        names={t.position.device: t.position.name for t in tried.targets}, days=DAYS, days_max=DAYS_MAX,
        radius=radius_here(sources, [t.position.device for t in changed], now, ()), reason_max=REASON_MAX,
        is_typed=len(changed) > TYPED_ABOVE, can_canary=one.kind is PushKind.PUSH and len(changed) > 1,
        made=time_text(int(clock.at(one.made_ms / 1000))), as_of=time_text(now.campus_s),
    )  # fmt: skip


def _draft_of(sources: Sources, number: str, now: Now) -> Draft:
    found = drafts(sources).draft(number, g.signed.name, now.unix_ms)
    return found if found is not None else abort(404)


def _tried(ledger: ParameterLedger, one: Draft | Waiting, canary: Collection[bytes]) -> Tried:
    """ConfigFault: the campus has changed so that the file contradicts it."""
    file = read_file(one.text)
    targets = targets_of(ledger, file, one.targets)
    first = [each for each in targets if not canary or each.position.device in canary]
    history = ledger.history()
    is_known = bool(history) and history[-1][1].digest == file.hash
    return Tried(file, targets, first, _way(one.kind, first, targets, is_known=is_known))


def _way(kind: PushKind, first: Sequence[Target], targets: Sequence[Target], *, is_known: bool) -> Way:
    """Sums are looked at for those, too, that follow a canary by themselves. is_known: this is the file that counts, so
    what it says to a terminal that has nothing yet was decided."""
    if not any(one.is_new for one in first):
        return Way.NOTHING
    if any(one.tighter for one in first):
        return Way.TIGHTER
    if kind is PushKind.CONTINUE or not any(_is_money(one, is_known=is_known) for one in targets if one.is_new):
        return Way.PLAIN
    return Way.MONEY


def _is_money(one: Target, *, is_known: bool) -> bool:
    before = one.standing.before
    if before is None:
        return not is_known and touches_money(ParameterBody(one.after.day_start_s, meals=one.after.meals), one.after)
    return touches_money(before, one.after)


def _groups(tried: Tried) -> list[tuple[Text, int, list[Text]]]:
    """Terminals that change alike: who, how many, and what."""
    found, left = [], LINES_MAX
    for lines, names in alike(tried.file, tried.targets).items():
        found.append((named_text(names), len(names), list(lines[: max(0, left)])))
        left -= len(lines)
    return found


def _tight(tried: Tried) -> list[tuple[str, list[Text]]]:
    there = [(one.position.name, one.tighter) for one in tried.targets if one.tighter]
    return [(name, [change_text(tried.file, one) for one in changes[:NAMED]]) for name, changes in there[:NAMED]]


# --- pushed ----------------------------------------------------------------------------------------------------------


def _push(sources: Sources, number: str) -> Reply:
    _require_all()
    now, form = campus_now(sources), request.form
    one, reason, days = _draft_of(sources, number, now), _reason(), _days()
    with sources.books() as opened:
        ledger = ParameterLedger(opened)
        canary = _canary(ledger, one)
        tried = _tried(ledger, one, canary)
        if one.is_used:
            raise _used_up()
        _require_newest(ledger, one.behind)
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


def _require_newest(ledger: ParameterLedger, behind: int) -> None:
    if _newest(ledger) != behind:
        raise Refusal(
            Text("其间另有下发，请重新编辑并比较", "something else was pushed meanwhile: edit and compare again")
        )


def _require_count(typed: str, changed: int) -> None:
    if changed > TYPED_ABOVE and typed.strip() != str(changed):
        raise Refusal(Text(f"请输入台数 {changed}", f"type the count: {changed}"))


# --- by two persons --------------------------------------------------------------------------------------------------


class Case(NamedTuple):
    """What waits, as a page has it. kind: "tighter" is the ledger's, "money" the console's. fault: it can no longer be
    done as it was proposed."""

    kind: str
    number: int
    maker: str
    reason: str
    made_ms: int
    until_ms: int
    devices: int
    title: str
    days: int
    refused: tuple[int, int]
    canary: int
    groups: list[tuple[Text, int, list[Text]]]
    fault: Text | None
    is_mine: bool


class Seen(NamedTuple):
    """What a proposal would change now, or why it no longer can."""

    title: str
    groups: list[tuple[Text, int, list[Text]]]
    fault: Text | None = None


def waiting_cases(sources: Sources, now: Now) -> list[Case]:
    """Of both kinds, the oldest first. What each would change is worked out anew every SEEN_S, however many look."""
    with sources.books() as opened:
        ledger = ParameterLedger(opened)
        newest = _newest(ledger)
        cases = []
        for one in drafts(sources).waiting(now.unix_ms):
            key = "waiting", one.number, newest
            cases.append(_money_case(one, once().ask(key, SEEN_S, partial(_money_seen, ledger, one))))
        for held in sources.reader.proposals():
            if held.kind is ProposalKind.TIGHTER and state_of(held, now.unix_ms) == "waits":
                offer, kept = HeldLedger(opened).tighter(held.number)
                key = "tighter", held.number, newest
                seen = once().ask(key, SEEN_S, partial(_tighter_seen, ledger, kept.text, offer.devices))
                cases.append(_tighter_case(held, offer, seen))
    return sorted(cases, key=lambda case: case.made_ms)


def _money_seen(ledger: ParameterLedger, one: Waiting) -> Seen:
    try:
        _require_newest(ledger, one.behind)
        tried = _tried(ledger, one, one.canary)
        return Seen(tried.file.title, _groups(tried))
    except ConfigFault as broken:
        return Seen(read_file(one.text).title, [], _text(broken))


def _tighter_seen(ledger: ParameterLedger, text: str, devices: Sequence[bytes]) -> Seen:
    file = read_file(text)
    try:
        targets = targets_of(ledger, file, devices)
        return Seen(file.title, _groups(Tried(file, targets, targets, Way.TIGHTER)))
    except ConfigFault as broken:
        return Seen(file.title, [], _text(broken))


def _money_case(one: Waiting, seen: Seen) -> Case:
    return Case(
        "money", one.number, one.maker, one.reason, one.made_ms, one.until_ms, len(one.targets), seen.title, 0, (0, 0),
        len(one.canary), seen.groups, seen.fault, is_same_person(one.maker, g.signed.name),
    )  # fmt: skip


def _tighter_case(one: Proposal, offer: Offer, seen: Seen) -> Case:
    return Case(
        "tighter", one.number, one.maker, one.reason, one.at_ms, one.until_ms, len(offer.devices), seen.title,
        offer.days, (offer.times, offer.fen), 0, seen.groups, seen.fault, is_same_person(one.maker, g.signed.name),
    )  # fmt: skip


def _text(fault: YktError) -> Text:
    said = fault.args[0] if fault.args else ""
    return said if isinstance(said, Text) else Text(str(said), str(said))


def _waiting(sources: Sources) -> Reply:
    """For whoever decides about money, and may not see devices."""
    _require_decider()
    now, clock = campus_now(sources), sources.clock()
    return render_template(
        "devices/waiting.html", cases=waiting_cases(sources, now), may_decide=True, may_make=may_make(),
        reason_max=REASON_MAX, as_of=time_text(now.campus_s), moment=lambda ms: time_text(int(clock.at(ms / 1000))),
    )  # fmt: skip


def _confirm(sources: Sources, kind: str, number: int) -> Reply:
    _require_decider()
    return _confirm_tighter(sources, number) if kind == "tighter" else _confirm_money(sources, number)


def _confirm_tighter(sources: Sources, number: int) -> Reply:
    with sources.books() as opened, sources.signer() as signer:
        try:
            _, made = Pusher(opened, signer).confirm(number, g.signed.name, campus_now(sources))
        except ProposalRefused as refused:
            return render_template("fault.html", fault=refused.args[0], back=url_for("parameters_waiting")), 409
    tell(f"proposal:{number}", Text(f"确认收紧限额的提议 {number}", f"confirms proposal {number}, tighter limits"))
    return _after(made)


def _confirm_money(sources: Sources, number: int) -> Reply:
    kept, now, name = drafts(sources), campus_now(sources), g.signed.name
    one = _waiting_one(kept, number, now)
    if is_same_person(one.maker, name):
        raise Refusal(Text("须由另一人确认", "another person confirms it"))
    with sources.books() as opened, sources.signer() as signer:
        ledger = ParameterLedger(opened)
        _require_newest(ledger, one.behind)
        tried = _tried(ledger, one, one.canary)
        if not kept.decide(number, name, now.unix_ms, is_confirmed=True):
            abort(404)
        try:
            kind = PushKind.CANARY if one.canary else one.kind
            who = f"{one.maker}, {name}"
            pusher = Pusher(opened, signer)
            made = pusher.push(tried.file, kind, who, tried.targets, now, one.canary, by_hand=one.is_by_hand)
        except YktError:
            kept.undecide(number)
            raise
    kept.done(number, made.number if made else 0)
    tell(f"parameters:w{number}", Text(f"确认下发参数：{one.reason}", f"confirms a push of parameters: {one.reason}"))
    return _after(made)


def _after(made: Push | None) -> Reply:
    if made is not None and g.signed.may(Right.SEE_CAMPUS):
        return redirect(url_for("push", number=made.number))
    return redirect(url_for("parameters_waiting"))


def _reject(sources: Sources, kind: str, number: int) -> Reply:
    _require_decider()
    _rejected(sources, kind, number, _reason())
    return redirect(url_for("parameters_waiting"))


def _take_back(sources: Sources, kind: str, number: int) -> Reply:
    """By its maker: he may have no say about money."""
    _require_all()
    _rejected(sources, kind, number, _reason(), mine=True)
    return redirect(url_for("parameters", _anchor="waiting"))


def _rejected(sources: Sources, kind: str, number: int, reason: str, *, mine: bool = False) -> None:
    now, name = campus_now(sources), g.signed.name
    if not any((one.kind, one.number) == (kind, number) and (one.is_mine or not mine) for one in
               waiting_cases(sources, now)):  # fmt: skip
        abort(404)
    if kind == "tighter":
        with sources.books() as opened:
            HeldLedger(opened).reject_tighter(number, name, reason, now)
    elif not drafts(sources).decide(number, name, now.unix_ms, is_confirmed=False):
        abort(404)
    tell(f"parameters:{kind}{number}", Text(f"否决参数下发：{reason}", f"rejects a push of parameters: {reason}"))


def _waiting_one(kept: Drafts, number: int, now: Now) -> Waiting:
    found = next((one for one in kept.waiting(now.unix_ms) if one.number == number), None)
    return found if found is not None else abort(404)


# --- one push --------------------------------------------------------------------------------------------------------


def _one(sources: Sources, number: int) -> Reply:
    """What it said, to whom, who uses it, how its canary does. The file is about all of the campus."""
    now, clock = campus_now(sources), sources.clock()
    with sources.books() as opened:
        ledger = ParameterLedger(opened)
        push, text = _push_of(ledger, number)
        names = {one.device: one.name for one in ledger.positions()}
        said = ledger.canaries().get(number, [])
        watched = next((one for one in ledger.watched(now) if one.push.number == number), None)
        is_newest = _newest(ledger) == number
    is_whole = g.signed.everywhere(Right.SEE_CAMPUS)
    return render_template(
        "devices/push.html", push=push, kind=KINDS[push.kind], text=text if is_whole else "",
        title=read_file(text).title,
        rows=_used(sources, push, names), left=push.left,
        said=[WORDS[word] for word in said], watched=watched, may_make=may_make(), is_newest=is_newest,
        made=time_text(int(clock.at(push.at_ms / 1000))), as_of=time_text(now.campus_s), reason_max=REASON_MAX,
    )  # fmt: skip


def _used(sources: Sources, push: Push, names: dict[bytes, str]) -> list[dict[str, Any]]:
    """Of each terminal that changed, of those that he sees: does it use it, or a later one?"""
    reported = {
        one.device: one.known.said.generation if one.known else None
        for one in sources.reader.documents().terminals if one.which[0].name == "PARAMETERS"
    }  # fmt: skip
    seen = {
        one.device for one in sources.reader.terminals()
        if g.signed.sees(Right.SEE_CAMPUS, box=one.box, merchant=one.merchant)
    }  # fmt: skip
    rows = []
    for device, generation in push.made.items():
        uses = reported.get(device)
        mark = "off" if uses is None else "ok" if uses >= generation else "warn"
        if device in seen:
            rows.append({"device": device.hex(), "name": names.get(device, device.hex()), "generation": generation,
                         "uses": uses, "mark": mark})  # fmt: skip
    return sorted(rows, key=lambda row: (("warn", "off", "ok").index(row["mark"]), row["name"]))


# --- who may ---------------------------------------------------------------------------------------------------------


def may_make() -> bool:
    """The file is the campus's: who changes it commands all of it."""
    signed: Signed = g.signed
    return signed.everywhere(Right.COMMAND)


def may_decide() -> bool:
    """About money, everywhere."""
    signed: Signed = g.signed
    return signed.everywhere(Right.DECIDE)


def _require_all() -> None:
    if not may_make():
        abort(403)


def _require_decider() -> None:
    if not may_decide():
        abort(403)


def _reason() -> str:
    reason = request.form.get("reason", "").strip()
    if not reason or len(reason) > REASON_MAX:
        raise Refusal(Text(f"请写缘由，至多 {REASON_MAX} 字", f"give a reason, {REASON_MAX} characters at most"))
    return reason


def _days() -> int:
    text = request.form.get("days", "") or str(DAYS)
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= DAYS_MAX):
        raise Refusal(Text(f"天数应为 1 至 {DAYS_MAX}", f"days are 1 to {DAYS_MAX}"))
    return int(text)


PAGES = (
    Page("parameter_edit", "/parameters/edit", Right.COMMAND, _edit),
    Page("parameter_try", "/uploads/parameters", Right.COMMAND, _try, writes=True),
    Page("parameter_draft", "/parameters/draft/<number>", Right.COMMAND, _draft),
    Page("parameter_push", "/parameters/draft/<number>/push", Right.COMMAND, _push, writes=True),
    Page("push", "/parameters/pushes/<int:number>", Right.SEE_CAMPUS, _one),
    Page("push_again", "/parameters/pushes/<int:number>/again", Right.COMMAND, _again, writes=True),
    Page("parameters_waiting", "/parameters/waiting", Right.DECIDE, _waiting, Menu.MONEY),
    Page("confirm_parameters", "/parameters/waiting/<kind>/<int:number>/confirm", Right.DECIDE, _confirm, writes=True),
    Page("reject_parameters", "/parameters/waiting/<kind>/<int:number>/reject", Right.DECIDE, _reject, writes=True),
    Page(
        "take_back_parameters", "/parameters/waiting/<kind>/<int:number>/back", Right.COMMAND, _take_back, writes=True
    ),
)
