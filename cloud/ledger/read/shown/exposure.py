"""What the exposure is worked out from (risk.py), read in a fixed number of questions. Inside of a snapshot.

Bodies of parameters are the same at many terminals: each is read and resolved once.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from cloud.ledger.books.chart import AccountKind
from cloud.ledger.cards.listing import Why, all_reasons
from cloud.ledger.fleet.documents.hotlist import named_since
from cloud.ledger.fleet.documents.rows import HASH_SIZE
from cloud.ledger.fleet.owing import fleet
from cloud.ledger.fleet.views import Completeness, TerminalView
from cloud.ledger.funds.offline.bound import bound
from cloud.ledger.funds.payments.cases import PaymentState
from cloud.ledger.held.losses.exposure import VERSIONS_MAX
from cloud.ledger.journal.balances import balances_of
from cloud.ledger.read.shown.risk import Caps, Item, Listed, Part, Risk, Till, caps_of, weigh
from cloud.ledger.read.shown.silence import Purses
from cloud.ledger.records.load_state import CaseState
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.errors import StoreFault
from shared.fleet.document import CAMPUS, DocumentKind
from shared.fleet.parameters import decode_parameters

FRESH_MS = 600_000
"""Who was not heard within it is silent: what it has sold since is unknown."""
_CARDS = (
    "SELECT c.card, c.label, COALESCE(l.card_class, c.card_class), c.purse_account, c.subsidy_account FROM card c "
    "LEFT JOIN card_life l ON l.card = c.card WHERE c.card"
)
_VERSIONS = (
    "SELECT r.device, d.generation - r.generation, d.digest = r.digest, d.digest, d.pages FROM document_reported r "
    "JOIN document d ON d.kind = r.kind AND d.scope = r.scope AND d.generation >= r.generation "
    "WHERE r.kind = ? AND r.generation > 0"
)
_FULLEST = (
    "SELECT CAST(COALESCE(MAX(CASE WHEN a.kind <> ? THEN b.credit_fen - b.debit_fen END), 0) AS BIGINT), "
    "CAST(COALESCE(SUM(CASE WHEN a.kind = ? THEN b.credit_fen - b.debit_fen END), 0) AS BIGINT), "
    "(SELECT CAST(COALESCE(MAX(t.fen), 0) AS BIGINT) FROM (SELECT SUM(p.fen) AS fen FROM posting p JOIN account c "
    "ON c.id = p.credit WHERE p.entry > (SELECT value FROM watermark WHERE name = 'fold') AND c.kind IN (?, ?, ?) "
    "GROUP BY p.credit) t) FROM account a JOIN balance b ON b.account = a.id WHERE a.kind IN (?, ?, ?)"
)
_RISEN = (
    "SELECT (SELECT CAST(COALESCE(SUM(p.fen), 0) AS BIGINT) FROM posting p JOIN account c ON c.id = p.credit "
    "WHERE p.entry > (SELECT value FROM watermark WHERE name = 'fold') AND c.kind IN (?, ?, ?)), "
    "(SELECT CAST(COALESCE(SUM(b.credit_fen - b.debit_fen), 0) AS BIGINT) FROM account a "
    "JOIN balance b ON b.account = a.id WHERE a.kind = ?)"
)
_PURSES = (
    "SELECT COALESCE(l.card_class, c.card_class), COUNT(DISTINCT c.card), "
    "CAST(SUM(CASE WHEN b.credit_fen > b.debit_fen THEN b.credit_fen - b.debit_fen ELSE 0 END) AS BIGINT) "
    "FROM card c LEFT JOIN card_life l ON l.card = c.card JOIN account a "
    "ON a.id IN (c.purse_account, c.subsidy_account) AND a.kind IN (?, ?) LEFT JOIN balance b ON b.account = a.id "
    "GROUP BY COALESCE(l.card_class, c.card_class)"
)
_ITEMS: Mapping[Part, tuple[str, int]] = {
    Part.LOADS: ("load_case WHERE debited = 1 AND state = ?", CaseState.PENDING),
    Part.PAYMENTS: ("payment_case WHERE state = ?", PaymentState.HELD),
    Part.MEALS: ("(SELECT owed_fen AS amount_fen FROM person WHERE owed_fen > ?) p", 0),
}
"""What is under way, by its part: whose rows, in which state; of debts, which are above nothing."""
_USED = (
    "SELECT r.device, r.generation, r.as_of FROM document_reported r JOIN document d ON d.kind = r.kind "
    "AND d.scope = r.scope AND d.generation = r.generation AND d.digest = r.digest WHERE r.kind = ? AND r.scope = ?"
)
"""The hotlist of ours that each terminal uses, and when its head was signed last."""
_PAGE = "SELECT data, digest FROM document_page WHERE digest"


def exposure(db: Database, now: Now) -> Risk:
    """The worst case as of this snapshot."""
    there = tills(db, now)
    beside = [*items(db), *_codes(db, there, now)]
    return weigh(there, listed(db, now), fullest_fen(db), now.campus_s, purses(db), beside)


def tills(db: Database, now: Now) -> list[Till]:
    """All that may have sold."""
    there, caps = fleet(db), _caps(db)
    names: dict[str, str] = {row[0]: row[1] for row in db.run("SELECT box, name FROM box")}
    owed = _owed(there.rows)
    rows = db.run(_USED, (int(DocumentKind.HOTLIST), CAMPUS))
    used: dict[bytes, tuple[int, int]] = {bytes(device): (generation, as_of) for device, generation, as_of in rows}
    found = []
    for device, one in there.tills.items():
        if device in there.given:
            generation, as_of = used.get(device, (None, None))
            where = device, one.name, one.place, one.box, *owed[device], caps.get(device, ())
            silent_s = min(now.campus_s, max(0, now.unix_ms - one.heard_ms) // 1000)
            place = one.heard_ms, one.merchant, names.get(one.box, ""), silent_s
            found.append(Till(*where, generation, as_of, _is_silent(one, now), *place))
    return found


def purses(db: Database) -> Purses:
    """What all cards hold by the books at most: as folded, what is in transit to them, and what has come since."""
    kinds, transit = (str(AccountKind.PURSE), str(AccountKind.SUBSIDY)), str(AccountKind.TRANSIT)
    ((came, under_way),) = db.run(_RISEN, (*kinds, transit, transit))
    risen = int(came) + max(0, int(under_way))
    rows = db.run(_PURSES, kinds)
    by_class = {int(one): (int(count), int(fen) + risen) for one, count, fen in rows}
    return Purses(by_class, sum(int(fen) for *_, fen in rows) + risen)


def items(db: Database) -> list[Item]:
    """What is under way, by name, where there is any."""
    asked = " UNION ALL ".join(
        f"SELECT {place}, COUNT(*), CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) FROM {rows}"  # noqa: S608  # our own
        for place, (rows, _) in enumerate(_ITEMS.values())
    )
    found, parts = db.run(asked, tuple(int(state) for _, state in _ITEMS.values())), list(_ITEMS)
    return [Item(parts[place], int(cases), int(fen)) for place, cases, fen in sorted(found) if cases]


def _codes(db: Database, there: Iterable[Till], now: Now) -> list[Item]:
    """What offline codes may cost the school, where any can be shown."""
    found = bound(db, (now.campus_s - one.silent_s for one in there if one.is_silent), now.campus_s)
    return [Item(Part.CODES, *found)] if found.fen else []


def listed(db: Database, now: Now) -> list[Listed]:
    """Every card that is to be refused, since it was listed first."""
    since: dict[bytes, int] = {}
    clones: set[bytes] = set()
    for one in all_reasons(db):
        since[one.card] = min(one.since_ms, since.get(one.card, one.since_ms))
        if one.why is Why.FINDING:
            clones.add(one.card)
    rows, named = db.find(_CARDS, list(since)), named_since(db, list(since))
    surplus = balances_of(db, [account for row in rows for account in row[3:]])
    return [
        Listed(
            bytes(card), label, number, sum(max(0, -surplus.get(account, 0)) for account in accounts),
            now.campus_s - (now.unix_ms - since[bytes(card)]) // 1000, named.get(bytes(card)), card not in clones,
        )
        for card, label, number, *accounts in rows
    ]  # fmt: skip


def fullest_fen(db: Database) -> int:
    """No purse of a card holds more: the fullest that is folded, all that is in transit, the most that came since."""
    transit = str(AccountKind.TRANSIT)
    kinds = str(AccountKind.PURSE), str(AccountKind.SUBSIDY), transit
    folded, loading, risen = db.run(_FULLEST, (transit, transit, *kinds, *kinds))[0]
    return int(folded) + max(0, int(loading)) + int(risen)


def _is_silent(one: TerminalView, now: Now) -> bool:
    return one.completeness is Completeness.UNKNOWN or one.heard_ms < now.unix_ms - FRESH_MS


def _owed(rows: Iterable[TerminalView]) -> dict[bytes, tuple[int, int]]:
    """Terminal → records that it owes, and open slots, of all its epochs."""
    found: defaultdict[bytes, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for one in rows:
        records, slots = found[one.device]
        found[one.device] = records + one.owes, slots + one.open_slots
    return found


def _caps(db: Database) -> dict[bytes, tuple[Caps, ...]]:
    """Terminal → caps of the version that it says it uses and of those that it may have gone on to; where that is not
    known, nothing."""
    pages: dict[bytes, bytes] = {}
    ours: set[bytes] = set()
    versions: defaultdict[bytes, set[bytes]] = defaultdict(set)
    for device, ahead, is_same, digest, joined in db.run(_VERSIONS, (int(DocumentKind.PARAMETERS),)):
        versions[bytes(device)].add(bytes(digest))
        pages[bytes(digest)] = bytes(joined)
        if not ahead and is_same:
            ours.add(bytes(device))
    made = _resolved(db, pages)
    return {
        device: tuple(made[digest] for digest in sorted(versions[device]))
        for device in ours if len(versions[device]) <= VERSIONS_MAX
    }  # fmt: skip


def _resolved(db: Database, pages: Mapping[bytes, bytes]) -> dict[bytes, Caps]:
    """Of each of these documents. StoreFault: a page is gone."""
    split = {
        digest: [joined[at : at + HASH_SIZE] for at in range(0, len(joined), HASH_SIZE)]
        for digest, joined in pages.items()
    }
    wanted = list(dict.fromkeys(page for found in split.values() for page in found))
    there = {bytes(digest): bytes(data) for data, digest in db.find(_PAGE, wanted)}
    if len(there) < len(wanted):
        raise StoreFault("exposure: a page of parameters is gone")
    bodies = {digest: b"".join(there[page] for page in found) for digest, found in split.items()}
    return {digest: caps_of(decode_parameters(body)) for digest, body in bodies.items()}
