"""The morning check 晨间核对: what yesterday left, signed by whoever closes days, and kept as it was shown."""

from flask import abort, current_app, g, redirect, render_template, request, url_for

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.clock import moment_of, today, wall_now
from cloud.console.frame.page import PAGES as DECLARED
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.reports.checks import WRONG, checks, digest
from cloud.console.pages.reports.signatures import Mornings, Signature
from cloud.ledger.desk.bank import BankLedger
from cloud.ledger.funds.bank_figures import SOURCE_MAX, parse_figure, parse_item
from cloud.ledger.funds.bank_files.reading import read_bank_file
from cloud.process.settings import FOLDER
from shared.clocks.clock import day_text
from shared.errors import ConfigFault
from shared.words.voice import Text

FILE = "console.db"
NOTE_MAX = 500
LOOKED_BACK = 30
"""Days of which it is said whether somebody has signed."""


class MorningRefused(ConfigFault):
    """Happens when a morning cannot be signed so. Nothing was kept."""


def _morning(sources: Sources) -> Reply:
    signed, found = _mornings(sources).signatures(), checks(sources)
    his: Signed = g.signed
    return render_template(
        "reports/morning.html", checks=found, digest=digest(found), day=day_text(today() - 1), today=today(),
        of_today=[one for one in signed if one.day == today()], signatures=signed[:LOOKED_BACK], day_text=day_text,
        unsigned=_unsigned(signed), moment=moment_of, as_of=moment_of(wall_now().unix_ms),
        is_mine=any(one.day == today() and one.who == his.name for one in signed),
        may_sign=his.everywhere(Right.CLOSE_DAY), note_max=NOTE_MAX, wrong=sum(one.mark == WRONG for one in found),
        there={page.name for page in current_app.config[DECLARED] if page.menu and page.is_for(his)},
    )  # fmt: skip


def _sign(sources: Sources) -> Reply:
    """Only what he has seen: if it has changed since, he looks again."""
    store, note = _mornings(sources), " ".join(request.form.get("note", "").split())[:NOTE_MAX]
    found = checks(sources)
    if request.form.get("digest") != digest(found):
        raise MorningRefused(
            Text("核对结果已变，请重新看过再签", "what is shown has changed: look at it again, then sign")
        )
    if any(one.mark == WRONG for one in found) and not note:
        raise MorningRefused(Text("有不对的项，要写明如何处理", "something is wrong: say what is done about it"))
    his: Signed = g.signed
    if not his.everywhere(Right.CLOSE_DAY):
        abort(403)
    shown = [one.to_json() for one in found]
    if not store.sign(Signature(today(), his.name, wall_now().unix_ms, note, shown)):
        raise MorningRefused(Text("您今天已签过", "you have signed today"))
    tell(f"morning:{day_text(today())}", Text(f"签晨间核对：{note}", f"signed the morning check: {note}"))
    return redirect(url_for("morning"))


def _bank(sources: Sources) -> Reply:
    """What the bank's statement says, with who has read it and when."""
    his: Signed = g.signed
    if not his.everywhere(Right.CLOSE_DAY):
        abort(403)
    try:
        fen, source = _told()
        items = [parse_item(line) for line in request.form.get("items", "").splitlines() if line.strip()]
        with sources.books() as opened:
            BankLedger(opened).tell(fen, items, his.name, wall_now(), source)
    except ConfigFault as fault:
        raise MorningRefused(*fault.args) from fault
    tell(f"morning:{day_text(today())}", Text("填银行专户数", "typed in the bank's figure"))
    return redirect(url_for("morning"))


def _told() -> tuple[int, str]:
    """What was typed in, or what the bank's file says of yesterday's end; and the file's name. ConfigFault."""
    sent = request.files.get("file")
    raw = sent.read() if sent else b""  # MAX_CONTENT_LENGTH bounds it
    if not raw or sent is None:
        return parse_figure(request.form.get("amount", "")), ""
    name = (sent.filename or "")[:SOURCE_MAX]
    return read_bank_file(raw, today() - 1, name).fen, name


def _signature(sources: Sources, day: str) -> Reply:
    """As it was shown then."""
    found = [one for one in _mornings(sources).signatures() if day_text(one.day) == day]
    if not found:
        abort(404)
    return render_template("reports/signature.html", day=day, signatures=found, moment=moment_of)


def _unsigned(signed: list[Signature]) -> list[int]:
    """Days since the first signature, of the last ones, that nobody has signed; today is not over."""
    days = {one.day for one in signed}
    first = max(min(days, default=today()), today() - LOOKED_BACK)
    return [day for day in range(today() - 1, first - 1, -1) if day not in days]


def _mornings(sources: Sources) -> Mornings:
    return Mornings(sources.settings.data / FOLDER / FILE)


PAGES = (
    Page("morning", "/morning", Right.SEE_BOOKS, _morning, Menu.HOME, whole=True),
    Page("morning_signature", "/morning/<day>", Right.SEE_BOOKS, _signature, whole=True),
    Page("morning_sign", "/morning/sign", Right.CLOSE_DAY, _sign, writes=True, whole=True),
    Page("morning_bank", "/morning/bank", Right.CLOSE_DAY, _bank, writes=True, whole=True),
)
