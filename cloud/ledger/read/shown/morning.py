"""What a morning looks at, in one snapshot and a fixed number of questions. Inside of a snapshot."""

from typing import NamedTuple

from cloud.ledger.findings.rows import DifferenceSums, standing
from cloud.ledger.fleet.documents.standing import TerminalRow, rows_of_kind
from cloud.ledger.fleet.heard import terminals
from cloud.ledger.fleet.views import TerminalView
from cloud.ledger.funds.payments.cases import PaymentState
from cloud.ledger.read.desk import OpenPeriod, drawers
from cloud.ledger.read.loads import OpenLoad, open_loads
from cloud.ledger.read.overview import Waiting, waiting
from cloud.ledger.read.shown.balance import BalanceView, balance_view
from cloud.ledger.read.shown.campus_days import DayState, day_states
from cloud.ledger.receive.voids import VoidState
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.clocks.clock import DAY_S
from shared.fleet.document import DocumentKind

_TO_DECIDE = (
    "SELECT (SELECT COUNT(*) FROM void_case WHERE state <> ?), (SELECT COUNT(*) FROM payment_case WHERE state = ?)"
)


class MorningView(NamedTuple):
    """waiting: records by what they wait for. to_decide: voids and reversals that wait for persons. cashiers: whoever
    has a drawer; late: whose receipts no close has yet. hotlist: how it stands at every terminal. yesterday: what
    persons have said of it; None: the books begin today. balance: card and ledger against the bank."""

    waiting: Waiting
    apart: DifferenceSums
    to_decide: int
    cashiers: list[str]
    late: list[OpenPeriod]
    terminals: list[TerminalView]
    loads: list[OpenLoad]
    hotlist: list[TerminalRow]
    yesterday: DayState | None
    balance: BalanceView


def morning(db: Database, loads_max: int, now: Now) -> MorningView:
    """All of it."""
    views, yesterday, apart = terminals(db), now.campus_s // DAY_S - 1, standing(db)
    cashiers, late = drawers(db)
    to_decide = sum(db.run(_TO_DECIDE, (int(VoidState.POSTED), int(PaymentState.HELD)))[0])
    places = {view.device: (view.device, view.name, view.place, view.merchant, view.box) for view in views}
    return MorningView(
        waiting(db), apart, to_decide, cashiers, late, views, open_loads(db, loads_max, views),
        rows_of_kind(db, DocumentKind.HOTLIST, list(places.values())),
        next(iter(day_states(db, yesterday, yesterday, now, views)), None), balance_view(db, now, views, apart),
    )  # fmt: skip
