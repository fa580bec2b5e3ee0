"""A draft or a proposal against the campus as it is now: what changes where, and how many persons that takes.

What refuses more than before is the ledger's proposal to a second person; any other change of what a sale is over, or
whether it goes, is proposed in the console. Who makes it commands the whole campus, who confirms it decides about
money.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import NamedTuple

from flask import abort, g, request

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.sources import Sources
from cloud.console.pages.devices.deeds import REASON_MAX
from cloud.console.pages.parameters.drafts import Draft, Drafts, Waiting
from cloud.fleet.pushing import Target, alike, targets_of
from cloud.ledger.fleet.parameters.door import ParameterLedger
from cloud.ledger.fleet.parameters.rows import Push, PushKind
from cloud.parameters.campus_file import CampusFile, read_file
from cloud.parameters.differences import change_text, touches_money
from cloud.words.fleet.parameters import NAMED, named_text
from shared.errors import ConfigFault
from shared.fleet.parameters import ParameterBody
from shared.words.voice import Text

LINES_MAX = 200
"""Most lines of a difference that a page has; the others are counted."""


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


def try_out(ledger: ParameterLedger, one: Draft | Waiting, canary: Collection[bytes]) -> Tried:
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


def groups_of(tried: Tried) -> list[tuple[Text, int, list[Text]]]:
    """Terminals that change alike: who, how many, and what."""
    found, left = [], LINES_MAX
    for lines, names in alike(tried.file, tried.targets).items():
        found.append((named_text(names), len(names), list(lines[: max(0, left)])))
        left -= len(lines)
    return found


def tightened(tried: Tried) -> list[tuple[str, list[Text]]]:
    """Of the first few terminals, the first few limits."""
    there = [(one.position.name, one.tighter) for one in tried.targets if one.tighter]
    return [(name, [change_text(tried.file, one) for one in changes[:NAMED]]) for name, changes in there[:NAMED]]


def push_of(ledger: ParameterLedger, number: int) -> tuple[Push, str]:
    """With the text of its file. 404: there is none."""
    found = next(((push, kept.text) for push, kept in ledger.history() if push.number == number), None)
    return found if found is not None else abort(404)


def newest_push(ledger: ParameterLedger) -> int:
    """The number of the last push; 0: there was none."""
    history = ledger.history()
    return history[-1][0].number if history else 0


def require_newest(ledger: ParameterLedger, behind: int) -> None:
    """Refusal: something was pushed since."""
    if newest_push(ledger) != behind:
        raise Refusal(
            Text("其间另有下发，请重新编辑并比较", "something else was pushed meanwhile: edit and compare again")
        )


def may_make() -> bool:
    """The file is the campus's: who changes it commands all of it."""
    signed: Signed = g.signed
    return signed.everywhere(Right.COMMAND)


def may_decide() -> bool:
    """About money, everywhere."""
    signed: Signed = g.signed
    return signed.everywhere(Right.DECIDE)


def require_maker() -> None:
    """403: he does not command the whole campus."""
    if not may_make():
        abort(403)


def require_decider() -> None:
    """403: he does not decide about money."""
    if not may_decide():
        abort(403)


def reason_of_form() -> str:
    """Why, in his words. Refusal: none, or too long."""
    reason = request.form.get("reason", "").strip()
    if not reason or len(reason) > REASON_MAX:
        raise Refusal(Text(f"请写缘由，至多 {REASON_MAX} 字", f"give a reason, {REASON_MAX} characters at most"))
    return reason
