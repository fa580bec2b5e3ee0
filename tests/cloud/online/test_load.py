"""圈存 end to end at the centre, and cut at every point: the case ends confirmed or reversed, never half."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from cloud.keys.client import KeyClient
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import LoadDecision, Now, Received
from cloud.online.load import LoadAnswers, LoadCounts
from shared.errors import KeyFault, StoreFault
from shared.ids import BoxId, StorageId, StoreId
from shared.online import LoadAnswer, LoadRequest, LoadResult, Purpose, parse_answer
from shared.purse.load_auth import LoadAuth
from shared.wire.messages import EpochRequest, OnlineAnswer, OnlineRequest
from tests.cloud.campus import Body, Campus, Purse, campus_now, key_process

STORE = StoreId(b"store--1")
FUNDS = 20_000


class Cut:
    """Stands between the centre and its two partners and fails once, where told."""

    def __init__(self, keys: KeyClient, ledger: Ledger) -> None:
        self.keys = keys
        self.ledger = ledger
        self.at = ""

    def _cut(self, point: str, fault: type[Exception]) -> None:
        if self.at == point:
            self.at = ""
            raise fault(point)

    def load_check(self, auth: LoadAuth) -> bool:
        self._cut("before the check", KeyFault)
        return self.keys.load_check(auth)

    def load_authorise(
        self, box: BoxId, request: OnlineRequest, load: LoadRequest, mac1_ok: bool, now: Now
    ) -> LoadDecision:
        self._cut("before the commit", StoreFault)
        decision = self.ledger.load_authorise(box, request, load, mac1_ok, now)
        self._cut("after the commit", StoreFault)
        return decision

    def load_mac2(self, auth: LoadAuth, time_s: int) -> bytes:
        self._cut("before MAC2", KeyFault)
        mac2 = self.keys.load_mac2(auth, time_s)
        self._cut("after MAC2", KeyFault)
        return mac2


class Counter:
    """A load machine at the centre's desk, with a card."""

    def __init__(self, campus: Campus, ledger: Ledger, keys: KeyClient) -> None:
        self.campus = campus
        self.ledger = ledger
        self.keys = keys
        self.body: Body = campus.bodies("load")[0]
        self.card: Purse = campus.purses()[0]
        self.cut = Cut(keys, ledger)
        self.counts = LoadCounts()
        self.centre = LoadAnswers(self.cut, self.cut, self.counts)
        self.ms = 1_784_000_000_000
        self.seq = 0
        epoch = EpochRequest(1, self.body.device, StorageId(b"T" * 8), self.body.psam, 0)
        self.epoch = ledger.assign_epoch(self.body.box, epoch, self.now()).epoch
        ledger.deposit(self.card.row.card, FUNDS, "first", self.now())

    def now(self) -> Now:
        """A moment later each time."""
        self.ms += 1000
        return Now(self.ms, campus_now())

    def ask(self, number: int, asked: LoadRequest | bytes, until_ms: int = 0) -> LoadAnswer | None:
        """None: no answer, the terminal would repeat. until_ms: when it gives up."""
        payload = asked if isinstance(asked, bytes) else asked.to_bytes()
        request = OnlineRequest(self.body.device, self.epoch, self.body.psam, number, payload, until_ms)
        answer = self.centre.answer(self.body.box, request, self.now())
        if answer is None:
            return None
        assert isinstance(answer, OnlineAnswer)
        assert (answer.device, answer.epoch, answer.request) == (self.body.device, self.epoch, number)
        return parse_answer(answer.payload)

    def send(self, stored: bytes) -> None:
        """A record into the ledger."""
        self.seq += 1
        batch = Received(self.body.box, self.campus.partition(self.body.box), STORE, self.seq, (stored,))
        self.ledger.receive([batch], self.keys.check_tac, self.now())

    def money(self) -> tuple[int, int, int]:
        """Purse, online account, transit, of this card in the books."""
        row = next(c for c in Reader(self.ledger.database).cards() if c.card == self.card.row.card)
        return row.purse_fen, row.online_fen, row.transit_fen

    def states(self) -> list[str]:
        """What became of the granted cases, oldest first."""
        return [c.state for c in sorted(Reader(self.ledger.database).loads(), key=lambda c: c.request)]


@contextmanager
def open_counter(campus: Campus, socket: Path) -> Iterator[Counter]:
    settings = campus.data / "cloud" / "ledger.db"
    with closing(open_ledger(str(settings))) as ledger, KeyClient(socket) as keys:
        yield Counter(campus, ledger, keys)


@pytest.fixture
def counter(campus: Campus, keys_socket: Path) -> Iterator[Counter]:
    with open_counter(campus, keys_socket) as made:
        yield made


def granted(answer: LoadAnswer | None) -> LoadAnswer:
    assert answer is not None
    assert answer.result is LoadResult.GRANTED, answer.result
    return answer


def test_a_load_is_paid_before_mac2_and_confirmed_by_its_tac(counter: Counter) -> None:
    opening = counter.card.row.opening_fen
    asked = counter.card.ask_load(counter.body, 5000)
    answer = granted(counter.ask(1, asked))
    assert counter.card.accepts(counter.body, asked, answer)
    assert answer.amount_fen == 5000
    assert counter.money() == (opening, FUNDS - 5000, 5000)
    counter.send(counter.card.credit(counter.body, counter.epoch, 1, 1, asked, answer))
    assert counter.money() == (opening + 5000, FUNDS - 5000, 0)
    assert counter.states() == ["confirmed"]


def test_a_repeated_request_gets_the_same_bytes_and_pays_once(counter: Counter) -> None:
    asked = counter.card.ask_load(counter.body, 5000)
    answers = {granted(counter.ask(1, asked)).to_bytes() for _ in range(3)}
    assert len(answers) == 1
    assert counter.money()[1:] == (FUNDS - 5000, 5000)
    assert (counter.counts.granted, counter.counts.again) == (1, 2)


@pytest.mark.parametrize(
    ("point", "first"),
    [
        ("before the check", LoadResult.NOT_NOW),
        ("before the commit", None),
        ("after the commit", None),
        ("before MAC2", None),
        ("after MAC2", None),
    ],
)
def test_cut_anywhere_the_repeat_gets_the_grant_and_pays_once(
    counter: Counter, point: str, first: LoadResult | None
) -> None:
    """A no is said only where nothing was touched."""
    counter.cut.at = point
    asked = counter.card.ask_load(counter.body, 5000)
    answer = counter.ask(1, asked)
    assert (answer.result if answer else None) is first
    if first is not None:
        assert counter.money()[1:] == (FUNDS, 0)
    again = granted(counter.ask(1, asked))
    assert counter.card.accepts(counter.body, asked, again)
    assert counter.money()[1:] == (FUNDS - 5000, 5000)


@pytest.mark.parametrize("point", ["before the commit", "after the commit", "before MAC2", "after MAC2"])
def test_cut_and_given_up_the_next_load_with_the_same_counter_reverses_it(counter: Counter, point: str) -> None:
    """The card was never credited: its MAC1 proves that its counter has not moved."""
    opening = counter.card.row.opening_fen
    counter.cut.at = point
    assert counter.ask(1, counter.card.ask_load(counter.body, 5000)) is None
    asked = counter.card.ask_load(counter.body, 2000)
    answer = granted(counter.ask(2, asked))
    counter.send(counter.card.credit(counter.body, counter.epoch, 1, 2, asked, answer))
    assert counter.money() == (opening + 2000, FUNDS - 2000, 0)
    assert counter.states() == (["confirmed"] if point == "before the commit" else ["reversed", "confirmed"])


def test_credited_and_its_record_lost_for_now_the_next_counter_confirms_it(counter: Counter) -> None:
    """The machine burned down with the record in it: the card's own next MAC1 is the evidence."""
    opening = counter.card.row.opening_fen
    asked = counter.card.ask_load(counter.body, 5000)
    late = counter.card.credit(counter.body, counter.epoch, 1, 1, asked, granted(counter.ask(1, asked)))
    granted(counter.ask(2, counter.card.ask_load(counter.body, 1000)))
    assert counter.states() == ["confirmed_by_counter", "pending"]
    assert counter.money() == (opening + 5000, FUNDS - 6000, 1000)
    counter.send(late)
    assert counter.money() == (opening + 5000, FUNDS - 6000, 1000)


def test_a_request_whose_terminal_has_given_up_is_refused_and_stays_refused(counter: Counter) -> None:
    asked = counter.card.ask_load(counter.body, 5000)
    late = counter.ask(1, asked, counter.ms)
    assert late is not None
    assert late.result is LoadResult.NOT_NOW
    again = counter.ask(1, asked, counter.ms + 60_000)
    assert again is not None
    assert again.result is LoadResult.NOT_NOW, "one answer per request"
    assert counter.money()[1:] == (FUNDS, 0)
    assert granted(counter.ask(2, counter.card.ask_load(counter.body, 5000), counter.ms + 60_000))
    assert counter.money()[1:] == (FUNDS - 5000, 5000)


def test_a_repeat_that_comes_late_still_hears_of_the_grant(counter: Counter) -> None:
    asked = counter.card.ask_load(counter.body, 5000)
    until_ms = counter.ms + 1500
    answers = {granted(counter.ask(1, asked, until_ms)).to_bytes() for _ in range(3)}
    assert len(answers) == 1
    assert counter.money()[1:] == (FUNDS - 5000, 5000)


def test_a_late_request_is_no_evidence_against_a_load_that_overtook_it(counter: Counter) -> None:
    """Same card, same counter: as evidence it would give back what the card may have been credited with."""
    late = counter.card.ask_load(counter.body, 3000)
    until_ms = counter.ms
    asked = counter.card.ask_load(counter.body, 5000)
    granted(counter.ask(2, asked))
    counter.ask(1, late, until_ms)
    assert counter.states() == ["refused", "pending"]
    assert counter.money()[1:] == (FUNDS - 5000, 5000)


def test_a_request_that_was_overtaken_by_a_load_moves_nothing(counter: Counter) -> None:
    """Same card, same counter, two sessions; the older one arrives after the newer one was credited."""
    opening = counter.card.row.opening_fen
    delayed = counter.card.ask_load(counter.body, 3000)
    asked = counter.card.ask_load(counter.body, 5000)
    counter.send(counter.card.credit(counter.body, counter.epoch, 1, 2, asked, granted(counter.ask(2, asked))))
    answer = counter.ask(1, delayed)
    assert answer is not None
    assert answer.result is LoadResult.ALREADY_LOADED
    assert counter.money() == (opening + 5000, FUNDS - 5000, 0)


def test_two_sessions_of_one_counter_end_with_what_the_card_holds(counter: Counter) -> None:
    """The older request arrives between the newer one's grant and its credit."""
    opening = counter.card.row.opening_fen
    delayed = counter.card.ask_load(counter.body, 3000)
    asked = counter.card.ask_load(counter.body, 5000)
    answer = granted(counter.ask(2, asked))
    granted(counter.ask(1, delayed))
    counter.send(counter.card.credit(counter.body, counter.epoch, 1, 2, asked, answer))
    granted(counter.ask(3, counter.card.ask_load(counter.body, 1000)))
    assert counter.card.balance_fen == opening + 5000
    assert counter.money() == (opening + 5000, FUNDS - 6000, 1000)


@pytest.mark.parametrize(
    ("change", "result"),
    [
        ({"amount_fen": FUNDS + 1}, LoadResult.WRONG_MAC),
        ({"balance_fen": 0}, LoadResult.WRONG_MAC),
        ({"mac1": b"\0\0\0\0"}, LoadResult.WRONG_MAC),
        ({"key_version": 9}, LoadResult.WRONG_MAC),
        ({"algorithm": 4}, LoadResult.WRONG_MAC),
        ({"type": 6}, LoadResult.WRONG_MAC),
        ({"card": b"\0\1" + b"\0" * 8}, LoadResult.UNKNOWN_CARD),
        ({"card": b"\x77\x77" + b"\0" * 8}, LoadResult.UNKNOWN_CARD),
    ],
)
def test_what_the_cards_mac_does_not_cover_is_refused(
    counter: Counter, change: dict[str, object], result: LoadResult
) -> None:
    asked = counter.card.ask_load(counter.body, 5000)
    answer = counter.ask(1, asked._replace(**change))  # type: ignore[arg-type]  # the table's own fields
    assert answer == LoadAnswer(result)
    assert counter.money()[1:] == (FUNDS, 0)


def test_more_than_the_account_holds_is_refused(counter: Counter) -> None:
    answer = counter.ask(1, counter.card.ask_load(counter.body, FUNDS + 1))
    assert answer == LoadAnswer(LoadResult.NO_FUNDS)
    assert counter.counts.refused == 1


def test_a_till_is_no_load_machine(counter: Counter) -> None:
    counter.body = counter.campus.bodies()[0]
    answer = counter.ask(1, counter.card.ask_load(counter.body, 100))
    assert answer == LoadAnswer(LoadResult.WRONG_DEVICE)


UNKNOWN = bytes((max(Purpose) + 1,))


@pytest.mark.parametrize("payload", [b"", b"\x01", UNKNOWN + bytes(32), bytes(33), b"\x01" + bytes(40)])
def test_a_malformed_request_is_answered_and_counted(counter: Counter, payload: bytes) -> None:
    assert counter.ask(1, payload) == LoadAnswer(LoadResult.NOT_NOW)
    assert (counter.counts.malformed, counter.counts.refused) == (1, 1)
    assert counter.states() == []


def test_a_key_process_that_dies_between_check_and_mac2(
    campus: Campus, provisioned: Campus, tmp_path: Path
) -> None:
    """The real one, killed; no answer meanwhile, the same grant afterwards."""
    with key_process(provisioned, tmp_path) as (process, socket), open_counter(campus, socket) as counter:
        asked = counter.card.ask_load(counter.body, 5000)
        counter.cut.load_mac2 = lambda *_: process.kill() or counter.keys.load_mac2(*_)  # type: ignore[method-assign]
        assert counter.ask(1, asked) is None
        assert counter.money()[1:] == (FUNDS - 5000, 5000)
        process.start()
        counter.cut.load_mac2 = counter.keys.load_mac2  # type: ignore[method-assign]
        assert counter.card.accepts(counter.body, asked, granted(counter.ask(1, asked)))
        assert counter.money()[1:] == (FUNDS - 5000, 5000)
