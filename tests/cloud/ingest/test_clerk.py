"""What the clerk does with a message that our own code stumbles over, and with certificates that end soon."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.ingest.clerk import Clerk
from cloud.ingest.seal import AckSeal
from cloud.ingest.tally import Tally
from cloud.ingest.ticket import Arrival, Junk, Ticket
from cloud.ledger.journal.facts import from_json
from cloud.ledger.ledger import open_ledger
from cloud.ledger.records.values import Now, Received
from cloud.store.db import SqliteDatabase
from provisioning.certificates import authority
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import DAY_S
from shared.clocks.expiry import DailyLook
from shared.errors import KeyFault, StoreFault
from shared.facts.books import DatabaseBack, IngestStarted, KeysBack, MessageDefect
from shared.ids import StorageId
from shared.wire.form.versions import OF_LEDGER, Versions, nonce_of
from shared.wire.messages import (
    EpochRequest,
    Fact,
    Hello,
    LedgerTime,
    LedgerVersions,
    NotUnderstood,
    NowUp,
    RecordCopy,
    SignedAnswer,
    decode_now_down,
)
from shared.wire.topics import DOWN_NOW, UP_NOW, Address
from tests.cloud.ledger import campus as c
from tests.provisioning.certificates.test_authority import CA, NOW


def test_it_is_kept_once_as_it_came_at_the_highest_grade() -> None:
    tally, unused = Tally(), Any
    with closing(open_ledger(":memory:")) as ledger:
        clerk = Clerk(ledger, unused, unused, unused, lambda: Now(1_784_000_000_000, 0), tally)
        ticket = Ticket(Arrival("now", 1, "nowhere", b"poison"), None, Junk(""), lambda: None)
        for _ in range(2):
            clerk.set_aside(ticket, ZeroDivisionError("a secret"))
        with ledger.database.reading():
            assert ledger.database.run("SELECT raw, box FROM junk") == [(b"poison", "")]
            ((level, params),) = ledger.database.run("SELECT level, params FROM fact")
    assert (level, tally.defects) == ("urgent", 2)
    assert from_json(params) == MessageDefect("ZeroDivisionError").params(), "and not the secret"


def test_a_part_of_a_now_turn_is_one_commit_and_every_message_has_its_answer() -> None:
    unused = Any
    with closing(open_ledger(":memory:", c.LEDGER_ID)) as ledger:
        ledger.import_inventory(c.inventory(), c.NOW)
        clerk = Clerk(ledger, c.check_tac, unused, unused, lambda: c.NOW, Tally())
        database = ledger.database
        assert isinstance(database, SqliteDatabase)
        commits: list[str] = []
        database.connection.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
        asked = [ticket(EpochRequest(n, c.POS, StorageId(bytes((n,)) * 8), c.psam(1), 0)) for n in (1, 2)]
        letters = clerk.together([*asked, ticket(Fact("bus-off", "urgent", 5, b"", "")), ticket(Junk("why"))])
        assert commits == ["COMMIT"]
        assert [len(letters), database.connection.total_changes > 0] == [2, True]
        loads = [c.stored(c.load(n, c.card(n), 5, 300, c.OPENING, request=n)) for n in (1, 2)]
        assert clerk.together([ticket(RecordCopy(raw)) for raw in loads]) == []
        assert commits == ["COMMIT"] * 2
        assert c.purse(ledger, c.card(2)) == c.OPENING + 300


def test_who_is_registered_is_told_when_it_changes_and_not_before() -> None:
    told: list[dict[str, int]] = []
    unused = Any
    with closing(open_ledger(":memory:", c.LEDGER_ID)) as ledger:
        tell = lambda boxes: told.append({**boxes})  # noqa: E731  # who hears
        clerk = Clerk(ledger, c.check_tac, unused, unused, lambda: c.NOW, Tally(), on_boxes=tell)
        clerk.tell_boxes()
        assert told == []
        ledger.import_inventory(c.inventory(), c.NOW)
        for _ in range(2):
            clerk.chores()
    assert told == [{c.BOX: c.PARTITION, c.OTHER_BOX: c.OTHER_PARTITION}]


def ticket(body: NowUp | Junk) -> Ticket:
    return Ticket(Arrival("now", 1, "t", b"raw"), Address(c.PARTITION, c.BOX, UP_NOW), body, lambda: None)


SEAL = AckSeal(Ed25519PrivateKey.generate())


@pytest.mark.parametrize(
    ("nonce", "versions"),
    [(b"", 0), (bytes(16), 0), (nonce_of(Versions(2, 4), bytes(11)), 1), (nonce_of(Versions(3, 9), bytes(11)), 1)],
)
def test_a_box_that_says_what_it_understands_hears_what_we_do(nonce: bytes, versions: int) -> None:
    """And one of before hears what it always has."""
    unused = Any
    with closing(open_ledger(":memory:", c.LEDGER_ID)) as ledger:
        ledger.import_inventory(c.inventory(), c.NOW)
        clerk = Clerk(ledger, c.check_tac, unused, SEAL, lambda: c.NOW, Tally())
        letters = clerk.now(ticket(Hello(c.STORE, 0, 0, None, nonce)))
    said = [decode_now_down(letter.payload) for letter in letters if letter.lane == DOWN_NOW]
    assert [one.versions for one in said if isinstance(one, LedgerVersions)] == [OF_LEDGER] * versions
    assert any(isinstance(one, LedgerTime | SignedAnswer) for one in said)


def test_a_box_of_which_we_understand_nothing_is_told_only_that() -> None:
    unused = Any
    with closing(open_ledger(":memory:", c.LEDGER_ID)) as ledger:
        ledger.import_inventory(c.inventory(), c.NOW)
        clerk = Clerk(ledger, c.check_tac, unused, SEAL, lambda: c.NOW, Tally())
        (letter,) = clerk.now(ticket(Hello(c.STORE, 0, 0, None, nonce_of(Versions(5, 9), bytes(11)))))
        assert decode_now_down(letter.payload) == NotUnderstood(*OF_LEDGER, "box 5–9, ledger 1–4")
        with ledger.database.reading():
            assert ledger.database.run("SELECT code, level FROM fact") == [("versions-apart", "urgent")]


def test_what_an_earlier_program_stumbled_over_is_judged_again_once_as_soon_as_the_keys_are_there() -> None:
    sale = c.stored(c.purchase(1, c.card(1), 7, 1250, c.OPENING))
    answers: list[Any] = [KeyFault("away"), c.check_tac]

    def check_tac(items: bytes) -> bytes:
        answer = answers.pop(0)
        if isinstance(answer, KeyFault):
            raise answer
        found: bytes = answer(items)
        return found

    def stumbles(_: bytes) -> bytes:
        raise ZeroDivisionError

    unused = Any
    with closing(open_ledger(":memory:", c.LEDGER_ID)) as ledger:
        ledger.import_inventory(c.inventory(), c.NOW)
        ledger.receive([Received(c.BOX, c.PARTITION, c.STORE, 1, (sale,))], stumbles, c.NOW)
        clerk = Clerk(ledger, check_tac, unused, unused, lambda: c.NOW, Tally())
        with pytest.raises(KeyFault):
            clerk.chores()
        assert c.merchant(ledger) == 0
        for _ in range(2):
            clerk.chores()
        assert c.merchant(ledger) == 1250
    assert answers == []


def test_the_platforms_own_certificates_are_told_once_a_day(tmp_path: Path) -> None:
    file = tmp_path / "console.pem"
    file.write_bytes(authority.issue_server(CA, authority.new_key().public_key(), ("console.school",), NOW))
    end_s = WALL.at(NOW.timestamp()) + authority.LEAF_DAYS * DAY_S
    told, unused = [], Any
    with closing(open_ledger(":memory:")) as ledger:
        days = iter((61, 59, 59, 58, 3))
        clock = lambda: Now(1_784_000_000_000, end_s - next(days) * DAY_S)  # noqa: E731  # a clock that is moved
        clerk = Clerk(ledger, unused, unused, unused, clock, Tally(), DailyLook((file,)))
        for _ in range(5):
            clerk.chores()
            with ledger.database.reading():
                told.append(ledger.database.run("SELECT level, code FROM fact ORDER BY id"))
    soon, last = ("important", "certificate-ends"), ("urgent", "certificate-last-days")
    assert told == [[], [soon], [soon], [soon] * 2, [soon, soon, last]]


def test_a_start_and_an_outage_leave_a_fact_each() -> None:
    later = c.NOW._replace(unix_ms=c.NOW.unix_ms + 90_000)
    with closing(open_ledger(":memory:", c.LEDGER_ID)) as ledger:
        ledger.started(c.NOW)
        ledger.import_inventory(c.inventory(), c.NOW)
        ledger.started(later)
        clerk = Clerk(ledger, c.check_tac, Any, Any, lambda: later, Tally())  # type: ignore[arg-type]
        clerk.outage_over(KeyFault, 12)
        clerk.outage_over(StoreFault, 7)
        with ledger.database.reading():
            told = ledger.database.run("SELECT code, params FROM fact ORDER BY id")
    found = [(code, from_json(params)) for code, params in told]
    wanted = (IngestStarted(0), IngestStarted(90), KeysBack(12), DatabaseBack(7))
    assert found == [(one.code, one.params()) for one in wanted]
