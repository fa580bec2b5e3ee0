"""What must be true after every scene, asked of the files and not of the parts.

Every 成功 that a terminal has shown stands in the books exactly once, for its card and its sum (an entry of a ride over
nothing: as a record without an entry), a mixed payment once for each of its purses; each purse of each card holds what
the ledger says; opening + loads - spent = cards = float; nothing lies in quarantine or suspense unless the scene says
so; both halves of `verify` agree. A granted load whose card was torn away and never came back may stay pending, with
its sum in transit: only the card's next MAC1 can tell.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cloud.ledger.funds.payments.cases import PaymentState
from cloud.ledger.read.reader import Reader, open_reader
from cloud.ledger.read.views import EntryView, LedgerSums
from edge.files.deck import Deck
from edge.terminal.station.shown import read_shown
from shared.ids import CardId, card_id
from shared.records import LOAD_SHAPED, VOIDS, Kind
from tests.scenes.campus import Campus
from tests.scenes.plans import run

PURSES = ("purse:", "subsidy:")
"""Accounts of a card's purses, by application."""
BOUGHT = {"purchase": 1, "evidence": 1, "evidence_withdrawn": -1}
LOADED = {"load_confirmed": 1, "load_confirmed_by_counter": 1, "load_alone": 1, "claim_alone": 1}


@dataclass(frozen=True, slots=True)
class Success:
    """One line of a shown log. application: 0 main purse, 1 subsidy; each counts by itself."""

    terminal: str
    device: bytes
    epoch: int
    seq: int
    card: CardId
    counter: int
    fen: int
    is_load: bool
    application: int


def require_truth(campus: Campus, *, quarantined: int = 0, held: int | None = 0) -> LedgerSums:
    """AssertionError naming the first thing that is not so. held None: as many as there are."""
    with closing(open_reader(str(campus.ledger))) as reader:
        for success in successes(campus.data):
            _require_posted_once(reader, success)
        _require_cards(reader, Deck(campus.data))
        _require_no_grey_purchase(reader)
        _require_transit(reader)
        view = reader.overview()
        _require_sums(campus, reader, view)
    assert view.quarantined == quarantined, f"{view.quarantined} in quarantine, not {quarantined}"
    assert held is None or view.held == held, f"{view.held} held, not {held}"
    assert view.records == view.posted + view.suspense + view.quarantined + view.no_entry
    _require_verified(campus)
    return view


def require_posted(campus: Campus) -> None:
    """The same of a campus with a card that no longer holds what it says: all but cards and sums."""
    with closing(open_reader(str(campus.ledger))) as reader:
        for success in successes(campus.data):
            _require_posted_once(reader, success)
    _require_verified(campus)


async def close_true(campus: Campus, *apart: str) -> None:
    """Begin what stood apart, drain and close the day: the books are true, and each payment stands once."""
    await campus.start(*apart)
    await campus.until_shown(5)
    await campus.close_shop()
    require_truth(campus)
    require_payments(campus)


def require_payments(campus: Campus) -> None:
    """Everything has drained: what the account has paid its terminal has shown, what it has shown was paid, each once;
    and of what was reversed nothing is gone."""
    shown = sorted(
        line["fen"] for log in (campus.data / "terminals").glob("*/shown.log")
        for line in read_shown(log) if line["kind"] == Kind.ONLINE
    )  # fmt: skip
    cases = campus.asked("SELECT state, amount_fen, record IS NOT NULL, reversal IS NOT NULL FROM payment_case")
    paid = sorted(fen for state, fen, _, _ in cases if state == PaymentState.APPROVED)
    assert shown == paid, f"shown {shown}, paid {paid}"
    assert all(has_word and not is_back for state, _, has_word, is_back in cases if state == PaymentState.APPROVED)
    assert not [case for case in cases if case[0] in (PaymentState.HELD, PaymentState.WORD)], cases


def successes(data: Path) -> Iterator[Success]:
    """Every 成功 of every terminal."""
    for log in sorted((data / "terminals").glob("*/shown.log")):
        device = bytes.fromhex(json.loads((log.parent / "terminal.json").read_text())["device"])
        for line in read_shown(log):
            if line["kind"] in (Kind.ONLINE, Kind.MEAL, Kind.CODE):
                continue  # of an online account, or of a person: require_payments, require_meals; `verify` of a code
            if line["kind"] in VOIDS:
                continue  # takes back a success that stands above, and that stays posted; `verify` checks voids
            card = card_id(bytes.fromhex(str(line["card"])))
            is_load = line["kind"] in LOAD_SHAPED
            where = log.parent.name, device, line["epoch"], line["seq"]
            yield Success(*where, card, line["counter"], line["fen"], is_load, int(str(line.get("purse", 0))))


def _require_posted_once(reader: Reader, success: Success) -> None:
    under = reader.record(success.device, success.epoch, success.seq)
    wanted = ("posted", "held") if success.fen else ("no_entry",)
    records = [record for record in under if record.verdict in wanted]
    assert len(records) == 1, f"{len(records)} of {len(under)} records of this number are posted: {success}"
    said = records[0].card, records[0].counter, records[0].amount_fen
    assert said == (success.card, success.counter, success.fen), f"another record in the ledger: {success}"
    weights = LOADED if success.is_load else BOUGHT
    entries = [entry for entry in _entries(reader, success) if entry.kind in weights]
    times = sum(weights[entry.kind] for entry in entries)
    assert times == (1 if success.fen else 0), f"posted {times} times: {success} {[entry.kind for entry in entries]}"
    moved = sum(_into_purse(entry, PURSES[success.application]) for entry in entries)
    assert moved == (success.fen if success.is_load else -success.fen), f"posted {moved} fen: {success}"


def _entries(reader: Reader, success: Success) -> list[EntryView]:
    return reader.entries(success.card, success.counter, success.application)


def _into_purse(entry: EntryView, purse: str) -> int:
    """What the entry has put into this purse of the card; negative: taken out."""
    put = sum(fen for _, credit, fen in entry.postings if credit.startswith(purse))
    return put - sum(fen for debit, _, fen in entry.postings if debit.startswith(purse))


def _require_cards(reader: Reader, deck: Deck) -> None:
    booked = {card.card: (card.purse_fen, card.subsidy_fen) for card in reader.cards()}
    for card in deck.cards:
        main, subsidy = card.balances_fen()
        holds = main, subsidy or 0
        assert holds == booked[card.card], f"card {card.label} holds {holds}, the ledger says {booked[card.card]}"


def _require_no_grey_purchase(reader: Reader) -> None:
    grey = [case.record for case in reader.suspense() if case.record.kind != "load_unproven"]
    assert not grey, f"grey purchases are open: {grey}"


def _require_transit(reader: Reader) -> None:
    pending = [load for load in reader.loads() if load.state == "pending"]
    transit = {card.card: card.transit_fen for card in reader.cards() if card.transit_fen}
    assert transit == {load.card: load.amount_fen for load in pending if load.result == "granted"}, pending


def _require_sums(campus: Campus, reader: Reader, view: LedgerSums) -> None:
    done = run("edge.terminal", "cards", "--data", campus.data, "--json")
    held = json.loads(done.stdout)
    assert held["cards_fen"] == view.float_fen == view.opening_fen + view.loads_fen - view.spent_fen
    subsidy = reader.subsidy_sums()
    assert held["subsidy_fen"] == view.subsidy_fen == subsidy.opening_fen - subsidy.spent_fen
    assert view.difference_fen == 0
    (loaded,) = campus.asked(
        "SELECT coalesce(sum(p.fen), 0) FROM entry e JOIN posting p ON p.entry = e.id WHERE e.kind IN (7, 8, 10)"
    )[0]
    assert loaded == view.loads_fen, f"{loaded} fen of loads in the books, {view.loads_fen} in the cases"


def _require_verified(campus: Campus) -> None:
    edge = run("edge", "verify", "--data", campus.data)
    assert edge.returncode == 0, edge.stdout + edge.stderr
    cloud = run("cloud", "verify", "--data", campus.data, "--keys", campus.socket)
    assert cloud.returncode == 0, cloud.stdout + cloud.stderr
