"""Applications of third parties 第三方应用: what each may do and did, its webhook, what was paid to it; revoked here.

Keys are made by the command alone: no page shows one. The file is the open platform's; without it, it was never on.
What an application that ended has captured is given back by who decides, in its name; one in use gives back itself.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

from flask import abort, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.money import sum_text
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.money.shown import moment, now, seen
from cloud.ledger.funds.orders.calls import PAY_TEXT, PayResult
from cloud.ledger.funds.orders.rows import OnlineState
from cloud.open.store.apps import App, AppRefused, apps, keys_of, revoke, used_on
from cloud.open.store.deliveries import Delivery, again_all, dead_of, hook_of, queues
from cloud.open.store.schema import FILE, open_store
from cloud.payments import doors
from cloud.payments.orders.officers import refund_for
from cloud.process.settings import FOLDER
from cloud.store.db import Database
from shared.clocks.clock import day_number
from shared.errors import ConfigFault, WireFault
from shared.input.amount import parse_yuan
from shared.words.voice import Text, told_by

DEAD_SHOWN = 20
REASON_MAX = 120
STATES = {
    OnlineState.AUTHORISED: "app_authorised", OnlineState.CAPTURED: "app_captured", OnlineState.VOID: "app_void",
    OnlineState.EXPIRED: "app_expired",
}  # fmt: skip


class Row(NamedTuple):
    """An application as it is shown. hook: the host that its events are told to; '' nowhere."""

    app: App
    is_alive: bool
    keys: int
    used: int
    hook: str
    waits: int
    dead: int

    @property
    def mark(self) -> str:
        """Never green where something was given up."""
        return "off" if not self.is_alive else "warn" if self.dead or not self.keys else "ok"

    @property
    def state(self) -> str:
        """A key of the words."""
        if not self.is_alive:
            return "app_revoked" if self.app.revoked_ms else "app_over"
        return "app_keyless" if not self.keys else "app_unheard" if self.dead else "app_in_use"


@contextmanager
def _store(sources: Sources) -> Iterator[Database | None]:
    if not (sources.settings.data / FOLDER / FILE).exists():
        yield None
        return
    with closing(open_store(sources.settings.data)) as store:
        yield store


def _rows(sources: Sources) -> list[Row] | None:
    """Those in use first. None: there is no open platform."""
    when = now()
    with _store(sources) as store:
        if store is None:
            return None
        with store.reading():
            used, waiting = used_on(store, day_number(when.campus_s)), queues(store)
            found = [_row(store, one, when.unix_ms, used, waiting) for one in apps(store)]
    return sorted(found, key=lambda row: not row.is_alive)


def _row(store: Database, app: App, now_ms: int, used: dict[str, int], waiting: dict[str, tuple[int, int]]) -> Row:
    host = urlsplit(hook_of(store, app.id)).hostname or ""
    keys = len(keys_of(store, app.id, now_ms))
    return Row(app, app.is_alive(now_ms), keys, used.get(app.id, 0), host, *waiting.get(app.id, (0, 0)))


def _applications(sources: Sources) -> Reply:
    return render_template(
        "system/applications.html", rows=_rows(sources), moment=moment, as_of=moment(now().unix_ms)
    )  # fmt: skip


def _application(sources: Sources, number: str) -> Reply:
    row = _one(sources, number)
    with _store(sources) as store:
        dead: list[Delivery] = []
        if store is not None:
            with store.reading():
                dead = dead_of(store, number, 0, DEAD_SHOWN)
    return render_template(
        "system/application.html", row=row, dead=dead, moment=moment, as_of=moment(now().unix_ms)
    )  # fmt: skip


def _end(sources: Sources, number: str) -> Reply:
    """By its name, which is typed: there is no way back. Orders of the sandbox the open platform ends by itself."""
    when, row = now(), _one(sources, number)
    if request.form.get("name", "").strip() != row.app.name:
        return _fault(Text("名称不符，没有作废", "not its name: it was not revoked"), number)
    with _store(sources) as store:
        if store is None:
            abort(404)
        try:
            with store.writing():
                app = revoke(store, number, when.unix_ms)
        except AppRefused:
            abort(404)
    tell(f"app:{number}", Text(f"应用 {app.name} 已作废", f"the application {app.name} was revoked"))
    if not app.is_sandbox:
        with sources.books() as opened:
            doors.orders(opened).end_maker(app.caller, when)
    return redirect(url_for("application", number=number))


def _replay(sources: Sources, number: str) -> Reply:
    row = _one(sources, number)
    with _store(sources) as store:
        if store is None:
            abort(404)
        with store.writing():
            done = again_all(store, number, now().unix_ms) if row.is_alive else 0
    if not done:
        return _fault(Text("没有可重发的", "there is none to go again"), number)
    tell(f"app:{number}", Text(f"应用 {row.app.name} 重发 {done} 条", f"{done} events of {row.app.name} go again"))
    return redirect(url_for("application", number=number))


def _payments(sources: Sources, number: str) -> Reply:
    row = _one(sources, number)
    found = []
    if not row.app.is_sandbox:
        with sources.books() as opened:
            found = doors.orders(opened).paid_to(row.app.caller)
    return render_template(
        "system/app_payments.html", row=row, found=found, states=STATES, captured=OnlineState.CAPTURED, moment=moment,
        as_of=moment(now().unix_ms), most=REASON_MAX,
    )  # fmt: skip


def _refund(sources: Sources, number: str, payment: int) -> Reply:
    row, reason = _one(sources, number), request.form.get("reason", "")[:REASON_MAX]
    if row.is_alive or row.app.is_sandbox:
        return _fault(Text("应用还在用：由它自己退款", "it is in use: it gives back itself"), number)
    try:
        fen = parse_yuan(request.form.get("yuan", ""))
        with sources.books() as opened:
            done = refund_for(doors.orders(opened), row.app.caller, payment, fen, reason, seen().name, now())
    except (ConfigFault, WireFault) as refused:
        said = told_by(refused, Text("金额有误", "no sum"))
        return _fault(said, number)
    if done.result is not PayResult.DONE:
        return _fault(PAY_TEXT[done.result], number)
    said = Text(f"替应用 {row.app.name} 退款", f"given back for {row.app.name}:")
    sum_ = sum_text(done.fen)
    tell(f"payment:{payment}", Text(f"{said.zh} {sum_}，付款 {payment}", f"{said.en} {sum_}, payment {payment}"))
    return redirect(url_for("app_payments", number=number))


def _one(sources: Sources, number: str) -> Row:
    """404: there is none."""
    found = next((row for row in _rows(sources) or [] if row.app.id == number), None)
    if found is None:
        abort(404)
    return found


def _fault(said: Text, number: str) -> Reply:
    return render_template("fault.html", fault=said, back=url_for("application", number=number)), 409


PAGES = (
    Page("applications", "/applications", Right.SEE_ALARMS, _applications, Menu.SYSTEM, whole=True),
    Page("application", "/applications/<number>", Right.SEE_ALARMS, _application, whole=True),
    Page("end_application", "/applications/<number>/end", Right.DOCK, _end, writes=True, whole=True),
    Page("replay_application", "/applications/<number>/replay", Right.DOCK, _replay, writes=True, whole=True),
    Page("app_payments", "/applications/<number>/payments", Right.SEE_BOOKS, _payments, whole=True),
    Page(
        "refund_app_payment", "/applications/<number>/payments/<int:payment>", Right.DECIDE, _refund, writes=True,
        whole=True,
    ),
)  # fmt: skip
