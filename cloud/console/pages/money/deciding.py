"""Two persons at a screen 双人: one proposes what becomes of what waits, another confirms or rejects it.

The doors are those of the command line, and so are the rules: the ledger refuses the proposer's own confirmation, the
database does, too. Who acts is who has signed in. Said twice, by a second click, it is said once.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from flask import redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.money import sum_text
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Asked, Column, asked, listed
from cloud.console.frame.told import tell
from cloud.console.pages.money.shown import card_label, moment, now, seen
from cloud.ledger.desk.campus_day import DayLedger
from cloud.ledger.desk.meals import MealLedger
from cloud.ledger.findings.rows import DifferenceRefused
from cloud.ledger.held.days import DayRefused, decode
from cloud.ledger.held.deposits.items import DepositItemsLedger
from cloud.ledger.held.deposits.refunds import RefundLedger
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.held.losses.door import LossLedger
from cloud.ledger.held.records_words import read_records
from cloud.ledger.held.releases import ENTRIES_MAX, Side, read_offer
from cloud.ledger.held.reversals import ReversalLedger
from cloud.ledger.held.two_persons import Decided, Proposal, ProposalKind, ProposalRefused, is_same_person, proposal
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.journal.swap_rows import number_in
from cloud.ledger.ledger import Ledger
from cloud.ledger.receive.void_words import VoidLedger
from cloud.ledger.records.values import Now
from cloud.words.balance.deposits import deposit_line
from cloud.words.balance.meals import proposal_line
from cloud.words.held import SIDES, STATES, state_of
from shared.clocks.clock import day_text
from shared.words.voice import Text

REASON_MAX = 200
NAMES_MAX = 12
"""Terminals of a proposal that its line names."""
Confirm = Callable[[int, str, Now], Decided]
Reject = Callable[[int, str, str, Now], Decided]
HERE = (
    ProposalKind.HELD, ProposalKind.VOID, ProposalKind.REVERSAL, ProposalKind.SWAP, ProposalKind.PUT_BACK,
    ProposalKind.MOVE, ProposalKind.EPOCH, ProposalKind.WRITE_OFF, ProposalKind.DAY,
    ProposalKind.MEAL_SHEET, ProposalKind.MEAL_BACK, ProposalKind.DEPOSIT, ProposalKind.REFUND,
)  # fmt: skip
"""What is decided on these pages; limits of terminals are decided where they are set."""
MARKS = {"waits": "warn", "expired": "off", "confirmed": "ok", "rejected": "off"}


class Row(NamedTuple):
    """A proposal as it is shown. own: who looks has made it, so somebody else confirms."""

    number: int
    kind: str
    what: Text
    state: str
    maker: str
    reason: str
    made: str
    until: str
    checker: str
    said: str
    own: bool
    entries: tuple[int, ...]

    @property
    def mark(self) -> str:
        return MARKS[self.state]

    @property
    def stands(self) -> Text:
        return STATES[self.state]


COLUMNS: tuple[Column[Row], ...] = (
    Column("number", lambda row: row.number, numeric=True),
    Column("kind", lambda row: row.kind),
    Column("what", lambda row: str(row.what)),
    Column("state", lambda row: row.state),
    Column("maker", lambda row: row.maker),
    Column("reason", lambda row: row.reason),
    Column("made", lambda row: row.made),
    Column("checker", lambda row: row.checker),
)


class Doors(NamedTuple):
    """Of one kind of proposal."""

    confirm: Confirm
    reject: Reject


def doors(opened: OpenedLedger, kind: ProposalKind) -> Doors:
    """Who decides this kind."""
    held = HeldLedger(opened)
    if kind is ProposalKind.VOID:
        return Doors(VoidLedger(opened).confirm, VoidLedger(opened).reject)
    if kind is ProposalKind.REVERSAL:
        return Doors(ReversalLedger(opened).confirm, ReversalLedger(opened).reject)
    if kind is ProposalKind.DAY:
        return Doors(DayLedger(opened).confirm, DayLedger(opened).reject)
    if kind is ProposalKind.WRITE_OFF:
        return Doors(LossLedger(opened).confirm_write_off, LossLedger(opened).reject_write_off)
    if kind is ProposalKind.MEAL_SHEET:
        return Doors(MealLedger(opened).confirm, MealLedger(opened).reject_sheet)
    if kind is ProposalKind.MEAL_BACK:
        return Doors(lambda number, who, at: MealLedger(opened).confirm_back(number, who, at)[0],
                     MealLedger(opened).reject_back)  # fmt: skip
    if kind is ProposalKind.REFUND:
        return Doors(RefundLedger(opened).confirm, RefundLedger(opened).reject)
    if kind is ProposalKind.DEPOSIT:
        return Doors(DepositItemsLedger(opened).confirm, DepositItemsLedger(opened).reject)
    return {
        ProposalKind.HELD: Doors(held.confirm_release, held.reject_release),
        ProposalKind.SWAP: Doors(held.confirm_swap, held.reject_swap),
        ProposalKind.PUT_BACK: Doors(held.confirm_close, held.reject_close),
        ProposalKind.MOVE: Doors(held.confirm_order, held.reject_order),
        ProposalKind.EPOCH: Doors(held.confirm_order, held.reject_order),
    }[kind]


def _proposals(sources: Sources) -> Reply:
    """What waits stands first, then the newest."""
    wanted: Asked = asked(request.args, ("state",))
    rows = [_row(one) for one in reversed(sources.reader.proposals()) if one.kind in HERE]
    kept = [row for row in rows if all(getattr(row, name) == value for name, value in wanted.kept)]
    kept.sort(key=lambda row: row.state != "waits")
    return render_template(
        "money/proposals.html", list=listed(kept, COLUMNS, wanted), at=moment(now().unix_ms),
        swaps=[one for one in sources.reader.fleet.swaps(now().unix_ms) if one.row.state.value == "told"],
        back=sources.reader.put_back(), moment=moment,
    )  # fmt: skip


def _row(one: Proposal) -> Row:
    said = one.decision
    entries = read_offer(one.document).entries if one.kind is ProposalKind.HELD else ()
    return Row(
        one.number, one.kind.name.lower(), what(one), state_of(one, now().unix_ms), one.maker, one.reason,
        moment(one.at_ms), moment(one.until_ms), said.checker if said else "", said.reason if said else "",
        is_same_person(one.maker, seen().name), entries,
    )  # fmt: skip


def what(one: Proposal) -> Text:
    """What is proposed, in one line."""
    if one.kind is ProposalKind.HELD:
        offer = read_offer(one.document)
        count, fen, side = len(offer.entries), sum_text(offer.fen), SIDES[offer.side]
        return Text(f"{count} 笔待核，{fen}，{side.zh}", f"{count} held entries, {fen}, {side.en}")
    if one.kind in (ProposalKind.VOID, ProposalKind.REVERSAL):
        is_void = one.kind is ProposalKind.VOID
        named = ", ".join(map(str, read_records(one.document)))
        return Text(f"撤销，记录 {named}", f"voids, records {named}") if is_void else Text(
            f"冲正，记录 {named}", f"reversals, records {named}"
        )  # fmt: skip
    if one.kind is ProposalKind.SWAP:
        number = number_in(one.document)
        return Text(f"换机 {number}：备用机顶替坏机", f"swap {number}: a spare stands in for a broken body")
    if one.kind is ProposalKind.DAY:
        day, names = decode(one.document).day, decode(one.document).gap_names
        some = ", ".join(names[:NAMES_MAX]) + (f" … (+{len(names) - NAMES_MAX})" if len(names) > NAMES_MAX else "")
        return Text(f"{day_text(day)} 注明缺口日结：{some}", f"close {day_text(day)} with gaps: {some}")
    if one.kind in (ProposalKind.DEPOSIT, ProposalKind.REFUND):
        return deposit_line(one, lambda card: card_label("", card))
    is_meals = one.kind in (ProposalKind.MEAL_SHEET, ProposalKind.MEAL_BACK)
    return proposal_line(one) if is_meals else _PLAIN[one.kind]


_NO_SIDE = Text("请选放行给商户，或退还持卡人", "choose: to the merchant, or to the holders")
_PLAIN = {
    ProposalKind.PUT_BACK: Text("放回旧账本，所缺已补记，办结", "what an older ledger lacks was seen to"),
    ProposalKind.MOVE: Text("终端换到别的网关", "a terminal stands at another box"),
    ProposalKind.EPOCH: Text("放行过高的存储代号", "an epoch that is more than a box's word is good for"),
    ProposalKind.WRITE_OFF: Text("挂失余额不再等待的终端", "terminals that a lost card's balance waits for no longer"),
}


def _propose_held(sources: Sources) -> Reply:
    side = Side(request.form["side"]) if request.form.get("side") in set(Side) else None
    entries = _numbers("entry")[:ENTRIES_MAX]
    if side is None:
        return refused(ProposalRefused(_NO_SIDE), "held")
    return proposed(sources, "held", lambda o, *said: HeldLedger(o).propose_release(side, entries, *said))


def _propose_voids(sources: Sources) -> Reply:
    records = _numbers("record")
    return proposed(sources, "held_voids", lambda o, *said: VoidLedger(o).propose(records, *said))


def _propose_reversals(sources: Sources) -> Reply:
    records = _numbers("record")
    return proposed(sources, "held_reversals", lambda o, *said: ReversalLedger(o).propose(records, *said))


def _propose_swap(sources: Sources, number: int) -> Reply:
    return proposed(sources, "proposals", lambda o, *said: HeldLedger(o).propose_swap(number, *said))


def _propose_close(sources: Sources) -> Reply:
    return proposed(sources, "proposals", lambda o, *said: HeldLedger(o).propose_close(*said))


def proposed(sources: Sources, back: str, act: Callable[[OpenedLedger, str, str, Now], Proposal]) -> Reply:
    """The first person's word, by who has signed in; back: the page where a refusal is shown."""
    try:
        reason = _reason()
        with sources.books() as opened:
            made = act(opened, seen().name, reason, now())
    except ProposalRefused as fault:
        return refused(fault, back)
    said = what(made)
    tell(f"proposal:{made.number}", Text(f"提议 {made.number}：{said.zh}", f"proposes {made.number}: {said.en}"))
    return redirect(url_for("proposals", _anchor=f"p{made.number}"))


def _confirm(sources: Sources, number: int) -> Reply:
    try:
        with sources.books() as opened:
            decided = doors(opened, _kind(opened, number)).confirm(number, seen().name, now())
    except (ProposalRefused, DayRefused) as fault:
        return refused(fault, "proposals")
    said = what(decided.proposal)
    tell(f"proposal:{number}", Text(f"确认提议 {number}：{said.zh}", f"confirms {number}: {said.en}"))
    return redirect(url_for("proposals", _anchor=f"p{number}"))


def _reject(sources: Sources, number: int) -> Reply:
    try:
        reason = _reason()
        with sources.books() as opened:
            decided = doors(opened, _kind(opened, number)).reject(number, seen().name, reason, now())
    except ProposalRefused as fault:
        return refused(fault, "proposals")
    said = what(decided.proposal)
    tell(f"proposal:{number}", Text(f"否决提议 {number}：{said.zh}", f"rejects {number}: {said.en}"))
    return redirect(url_for("proposals", _anchor=f"p{number}"))


def _explain(sources: Sources, number: int) -> Reply:
    """One person's word, kept for ever: it moves no money."""
    try:
        reason = _reason()
        with sources.books() as opened:
            Ledger(opened).explain_difference(number, seen().name, reason, now())
    except (ProposalRefused, DifferenceRefused) as fault:
        return refused(fault, "ledger_differences")
    tell(f"difference:{number}", Text(f"说明差异 {number}：{reason}", f"explains difference {number}: {reason}"))
    return redirect(url_for("ledger_differences"))


def _kind(opened: OpenedLedger, number: int) -> ProposalKind:
    with opened.database.reading():
        kind = proposal(opened.database, number).kind
    if kind not in HERE:
        raise ProposalRefused(Text(f"提议 {number} 不在此办理", f"proposal {number} is not decided here"))
    return kind


def _reason() -> str:
    """What its maker says; the bounds are the ledger's own, in words of a screen."""
    reason = request.form.get("reason", "").strip()
    if not 0 < len(reason) <= REASON_MAX:
        raise ProposalRefused(Text(f"请写缘由，至多 {REASON_MAX} 字", f"say why, in at most {REASON_MAX} characters"))
    return reason


def _numbers(name: str) -> Sequence[int]:
    texts = request.form.getlist(name)
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 16]


def refused(fault: ProposalRefused | DifferenceRefused | DayRefused, back: str) -> Reply:
    """What the ledger says, as it says it."""
    return render_template("fault.html", fault=fault.args[0], back=url_for(back)), 409


def _writes(name: str, rule: str, view: Callable[..., Reply]) -> Page:
    return Page(name, rule, Right.DECIDE, view, writes=True, whole=True)


PAGES = (
    Page("proposals", "/proposals", Right.SEE_BOOKS, _proposals, Menu.MONEY, whole=True),
    _writes("propose_held", "/held/propose", _propose_held),
    _writes("propose_voids", "/voids/propose", _propose_voids),
    _writes("propose_reversals", "/reversals/propose", _propose_reversals),
    _writes("propose_swap", "/swaps/<int:number>/propose", _propose_swap),
    _writes("propose_close", "/put-back/propose", _propose_close),
    _writes("confirm_proposal", "/proposals/<int:number>/confirm", _confirm),
    _writes("reject_proposal", "/proposals/<int:number>/reject", _reject),
    _writes("explain_difference", "/ledger/differences/<int:number>/explain", _explain),
)
