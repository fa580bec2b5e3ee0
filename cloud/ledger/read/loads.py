"""Load cases as they stand, each with its terminal and what will happen (load_state). Inside of a snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud.ledger.fleet.heard import terminals
from cloud.ledger.fleet.views import TerminalView
from cloud.ledger.loads.retry import UNGRANTED, Retry
from cloud.ledger.loads.sources import Source
from cloud.ledger.loads.state import LoadFacts, LoadState, load_state
from cloud.ledger.loads.words import terminal_word
from cloud.ledger.records.arrival import split_key
from cloud.ledger.records.load_state import CaseState
from cloud.ledger.records.values import Now
from cloud.store.db import Database, Row, Rows
from shared.online import LoadResult

_CASES = (
    "SELECT l.key, l.card, COALESCE(c.label, ''), l.counter, l.balance_fen, l.amount_fen, l.state, l.debited, "
    "l.result, l.evidence, l.opened_ms, l.changed_ms, l.source, l.retry, COALESCE(c.hotlisted, 1), "
    "COALESCE(c.expires, 0) "
    "FROM load_case l LEFT JOIN card c ON c.card = l.card"
)
_PENDING = f"l.state = {int(CaseState.PENDING)}"
_WANTED = ", ".join(str(int(retry)) for retry in (*UNGRANTED, Retry.SECOND))
_GIVEN_BACK = f"(l.state = {int(CaseState.REVERSED)} AND l.debited = 1 AND l.retry IN ({_WANTED}))"
_OLDEST = (
    "SELECT l.key, COALESCE(c.label, ''), l.amount_fen, l.opened_ms FROM load_case l LEFT JOIN card c "
    "ON c.card = l.card WHERE {} ORDER BY l.opened_ms, l.key LIMIT ?"
)
_OPEN = f"SELECT * FROM ({_OLDEST.format(_PENDING)}) p UNION ALL SELECT * FROM ({_OLDEST.format(_GIVEN_BACK)}) g"  # noqa: S608  # our own words


@dataclass(frozen=True, slots=True)
class LoadStanding:
    """One load case. terminal: its name, or the body's number when it is in no inventory; place: where it stands."""

    device: bytes
    epoch: int
    request: int
    terminal: str
    place: str
    card: bytes
    label: str
    counter: int
    amount_fen: int
    result: str
    opened_ms: int
    state: LoadState
    source: str = "online"


@dataclass(frozen=True, slots=True)
class OpenLoad:
    """A load with money in transit, or given back and not done with. terminal: its name, or the body's number."""

    terminal: str
    label: str
    amount_fen: int
    opened_ms: int


def open_loads(db: Database, most: int, views: Sequence[TerminalView]) -> list[OpenLoad]:
    """So many of either, the oldest first. views: of every terminal."""
    names = {view.device: view.name for view in views}
    found = (
        (split_key(key)[0], label, fen, opened) for key, label, fen, opened in db.run(_OPEN, (most, most))
    )  # fmt: skip
    return [OpenLoad(names.get(device, device.hex()), *rest) for device, *rest in found]


def load_standings(db: Database, most: int, now: Now, *, open_only: bool) -> list[LoadStanding]:
    """Those with money in transit first, then those given back and not done with, the oldest first; then, unless
    `open_only`, the others, the newest first."""
    rows = db.run(f"{_CASES} WHERE {_PENDING} ORDER BY l.opened_ms, l.key LIMIT ?", (most,))
    rows += db.run(f"{_CASES} WHERE {_GIVEN_BACK} ORDER BY l.opened_ms, l.key LIMIT ?", (most - len(rows),))
    if not open_only:
        others = f"{_CASES} WHERE NOT ({_PENDING} OR {_GIVEN_BACK}) ORDER BY l.changed_ms DESC, l.key LIMIT ?"
        rows += db.run(others, (most - len(rows),))
    return _standings(db, rows, now)


def open_loads_of(db: Database, card: bytes, now: Now) -> list[LoadStanding]:
    """Those of this card with money in transit, and those given back and not done with, the oldest first; all of
    them, for a card has few."""
    sql = f"{_CASES} WHERE l.card = ? AND ({_PENDING} OR {_GIVEN_BACK}) ORDER BY l.opened_ms, l.key"
    return _standings(db, db.run(sql, (card,)), now)


def _standings(db: Database, rows: Rows, now: Now) -> list[LoadStanding]:
    if not rows:
        return []
    fleet = {(one.device, one.epoch): one for one in terminals(db)}
    newest: dict[bytes, int] = dict(db.run("SELECT device, MAX(epoch) FROM epoch GROUP BY device"))
    return [_standing(row, fleet, newest, now) for row in rows]


def _standing(
    row: Row, fleet: dict[tuple[bytes, int], TerminalView], newest: dict[bytes, int], now: Now
) -> LoadStanding:
    key, card, label, counter, before, fen, state, debited, result, evidence, opened, changed, *rest = row
    source, retry, listed, expires = rest
    device, epoch, request = split_key(key)
    body = fleet.get((device, epoch)) or fleet.get((device, 0))
    registered = body or next((one for (who, _), one in fleet.items() if who == device), None)
    outcome = LoadResult(result).name.lower()
    facts = LoadFacts(
        state=CaseState(state).name.lower(), debited=bool(debited), result=outcome, word=terminal_word(evidence),
        counter=counter, balance_fen=before, amount_fen=fen, opened_ms=opened, changed_ms=changed,
        heard_ms=body.heard_ms if body else 0, owes=body.owes if body else 0,
        replaced=registered is None or newest.get(device, 0) > epoch,
        awaited=not listed and now.campus_s < expires, source=Source(source).name.lower(),
        retry=Retry(retry).name.lower(),
    )  # fmt: skip
    return LoadStanding(
        device, epoch, request, registered.name if registered else device.hex(),
        registered.place if registered else "", card, label or card.hex(), counter, fen, outcome, opened,
        load_state(facts, now.unix_ms), facts.source,
    )  # fmt: skip
