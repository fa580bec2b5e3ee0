"""Desks as they are kept: codes and tokens count once and in their time, and orders are told as they are."""

from pathlib import Path

import pytest

from cloud.console.desks.kept import CODE_MS, HEARD_MS, ORDER_MS, SEEN_MS, DeskRefused, Desks
from cloud.payments.pins import pin_deeds
from cloud.process.settings import PEOPLE_FILE
from cloud.store.db import open_database
from shared.wire.desk.line import Deed, End, Ended, Order
from shared.words.voice import Text
from tests.cloud.console.bounds.stocked import CARD_SEEN

T0 = 1_790_000_000_000
ONE, TWO = Order(b"1" * 16, Deed.READ), Order(b"2" * 16, Deed.PIN_RELOAD, bytes(10), ("123456",))


@pytest.fixture
def desks(tmp_path: Path) -> Desks:
    return Desks(tmp_path / "console.db")


@pytest.fixture
def desk(desks: Desks) -> int:
    return paired(desks, "东门")[0]


def paired(desks: Desks, name: str, at_ms: int = T0) -> tuple[int, str]:
    found = desks.pair(desks.make_code(name, "王芳", at_ms), at_ms)
    assert found
    number = desks.heard(found[0], at_ms)
    assert number
    return number, found[0]


def state(desks: Desks, desk: int, at_ms: int) -> str:
    return desks.asked(desk, at_ms)[0].state(at_ms)


def test_a_code_counts_once_and_ten_minutes(desks: Desks) -> None:
    code = desks.make_code("东门", "王芳", T0)
    assert desks.pair(code, T0 + CODE_MS + 1) is None
    assert desks.pair(code.upper(), T0 + CODE_MS)
    assert desks.pair(code, T0) is None


def test_pairing_a_name_again_ends_its_old_token(desks: Desks) -> None:
    _, first = paired(desks, "东门")
    _, second = paired(desks, "东门")
    assert desks.heard(first, T0) is None
    assert desks.heard(second, T0)


def test_neither_code_nor_token_stands_in_the_file(desks: Desks, tmp_path: Path) -> None:
    code = desks.make_code("西门", "王芳", T0)
    desk, token = paired(desks, "东门")
    desks.ask(desk, "王芳", TWO, T0)
    assert desks.take(desk, T0) == TWO
    for path in tmp_path.iterdir():
        raw = path.read_bytes()
        assert not any(one.encode() in raw for one in (code, token, *TWO.arguments)), path


def test_a_desk_that_does_not_ask_is_not_heard(desks: Desks, desk: int) -> None:
    found = desks.desk(desk)
    assert found
    assert found.is_heard(T0 + HEARD_MS)
    assert not found.is_heard(T0 + HEARD_MS + 1)


def test_that_a_pin_was_set_is_kept_where_its_holder_hears_of_it(desks: Desks, desk: int, tmp_path: Path) -> None:
    people = open_database(str(tmp_path / PEOPLE_FILE))
    desks.ask(desk, "王芳", TWO, T0)
    assert desks.take(desk, T0) == TWO
    for _ in range(2):
        desks.end(desk, Ended(TWO.id, End.DONE, ()), T0 + 1)
    with people.reading():
        assert pin_deeds(people, TWO.card, 9) == [(T0 + 1, "pin-reload")]
    people.close()


def test_what_nobody_takes_within_its_time_is_never_done(desks: Desks, desk: int) -> None:
    desks.ask(desk, "王芳", TWO, T0)
    assert state(desks, desk, T0 + ORDER_MS) == "waiting"
    assert state(desks, desk, T0 + ORDER_MS + 1) == "expired"
    assert desks.take(desk, T0 + ORDER_MS + 1) is None
    desks.end(desk, Ended(TWO.id, End.DONE, ()), T0 + ORDER_MS + 2)
    assert state(desks, desk, T0 + ORDER_MS + 2) == "expired", "nobody was asked, so nobody answers"


def test_an_agent_that_falls_silent_leaves_it_unknown_until_it_speaks(desks: Desks, desk: int) -> None:
    desks.ask(desk, "王芳", TWO, T0)
    assert desks.take(desk, T0) == desks.take(desk, T0 + 1) == TWO
    assert state(desks, desk, T0 + ORDER_MS) == "taken"
    assert state(desks, desk, T0 + ORDER_MS + 1) == "unknown"
    assert desks.take(desk, T0 + ORDER_MS + 1) is None
    desks.end(desk, Ended(TWO.id, End.DONE, (Text("好", "fine"),)), T0 + 2 * ORDER_MS)
    assert state(desks, desk, T0 + 2 * ORDER_MS) == "done"


def test_one_order_at_a_time_and_each_once(desks: Desks, desk: int) -> None:
    desks.ask(desk, "王芳", ONE, T0)
    desks.ask(desk, "王芳", ONE, T0)
    assert len(desks.asked(desk, T0)) == 1
    with pytest.raises(DeskRefused):
        desks.ask(desk, "王芳", TWO, T0)


def test_no_desk_answers_for_another(desks: Desks, desk: int) -> None:
    other, _ = paired(desks, "西门")
    desks.ask(desk, "王芳", ONE, T0)
    assert desks.take(other, T0) is None
    assert desks.take(desk, T0)
    desks.end(other, Ended(ONE.id, End.DONE, ()), T0)
    assert state(desks, desk, T0) == "taken"


def test_a_console_that_starts_anew_hands_out_no_old_order(desks: Desks, desk: int, tmp_path: Path) -> None:
    """It has forgotten what the order carried."""
    desks.ask(desk, "王芳", TWO, T0)
    assert desks.take(desk, T0)
    anew = Desks(tmp_path / "console.db")
    assert anew.take(desk, T0) is None
    assert state(anew, desk, T0 + ORDER_MS + 1) == "unknown"


def test_a_pin_that_nobody_took_is_forgotten_when_any_desk_asks(desks: Desks, desk: int) -> None:
    desks.ask(desk, "王芳", TWO, T0)
    other, _ = paired(desks, "西门")
    desks.ask(other, "王芳", ONE, T0 + 2 * ORDER_MS + 1)
    assert desks.take(other, T0 + 2 * ORDER_MS + 1)
    assert TWO.id not in desks._carried


def test_what_a_card_said_is_forgotten(desks: Desks, desk: int) -> None:
    desks.ask(desk, "王芳", ONE, T0)
    desks.take(desk, T0)
    desks.end(desk, Ended(ONE.id, End.DONE, (), CARD_SEEN), T0)
    assert desks.asked(desk, T0 + SEEN_MS)[0].told == Ended(ONE.id, End.DONE, (), CARD_SEEN)
    late = desks.asked(desk, T0 + SEEN_MS + 1)[0]
    assert (late.told, late.state(T0 + SEEN_MS + 1)) == (None, "done")
