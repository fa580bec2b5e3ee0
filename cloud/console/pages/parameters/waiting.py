"""Pushes that wait for a second person: what they would change now, confirmed, rejected, or taken back."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from flask import abort, g, redirect, render_template, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.devices.commands import campus_now
from cloud.console.pages.devices.deeds import REASON_MAX
from cloud.console.pages.parameters.drafts import Drafts, Waiting
from cloud.console.pages.parameters.trying import (
    Refusal,
    Tried,
    Way,
    drafts,
    groups_of,
    may_make,
    newest_push,
    reason_of_form,
    require_decider,
    require_maker,
    require_newest,
    try_out,
)
from cloud.console.pages.system.once import once
from cloud.fleet.pushing import Pusher, targets_of
from cloud.ledger.fleet.parameters.door import ParameterLedger
from cloud.ledger.fleet.parameters.rows import Push, PushKind
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.held.tightening import Offer
from cloud.ledger.held.two_persons import Proposal, ProposalKind, ProposalRefused, is_same_person
from cloud.ledger.records.values import Now
from cloud.parameters.campus_file import read_file
from cloud.words.held import state_of
from shared.clocks.clock import time_text
from shared.errors import ConfigFault, YktError
from shared.words.voice import Text, told_by

SEEN_S = 30.0
"""So long one working out of what a proposal would change serves every page."""


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
        newest = newest_push(ledger)
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
        require_newest(ledger, one.behind)
        tried = try_out(ledger, one, one.canary)
        return Seen(tried.file.title, groups_of(tried))
    except ConfigFault as broken:
        return Seen(read_file(one.text).title, [], told_by(broken))


def _tighter_seen(ledger: ParameterLedger, text: str, devices: Sequence[bytes]) -> Seen:
    file = read_file(text)
    try:
        targets = targets_of(ledger, file, devices)
        return Seen(file.title, groups_of(Tried(file, targets, targets, Way.TIGHTER)))
    except ConfigFault as broken:
        return Seen(file.title, [], told_by(broken))


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


def _waiting(sources: Sources) -> Reply:
    """For whoever decides about money, and may not see devices."""
    require_decider()
    now, clock = campus_now(sources), sources.clock()
    return render_template(
        "devices/waiting.html", cases=waiting_cases(sources, now), may_decide=True, may_make=may_make(),
        reason_max=REASON_MAX, as_of=time_text(now.campus_s), moment=lambda ms: time_text(int(clock.at(ms / 1000))),
    )  # fmt: skip


def _confirm(sources: Sources, kind: str, number: int) -> Reply:
    require_decider()
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
        require_newest(ledger, one.behind)
        tried = try_out(ledger, one, one.canary)
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
    require_decider()
    _rejected(sources, kind, number, reason_of_form())
    return redirect(url_for("parameters_waiting"))


def _take_back(sources: Sources, kind: str, number: int) -> Reply:
    """By its maker: he may have no say about money."""
    require_maker()
    _rejected(sources, kind, number, reason_of_form(), mine=True)
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


PAGES = (
    Page("parameters_waiting", "/parameters/waiting", Right.DECIDE, _waiting, Menu.MONEY, whole=True),
    Page("confirm_parameters", "/parameters/waiting/<kind>/<int:number>/confirm", Right.DECIDE, _confirm, writes=True),
    Page("reject_parameters", "/parameters/waiting/<kind>/<int:number>/reject", Right.DECIDE, _reject, writes=True),
    Page(
        "take_back_parameters", "/parameters/waiting/<kind>/<int:number>/back", Right.COMMAND, _take_back, writes=True
    ),
)
