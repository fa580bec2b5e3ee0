"""Keys of a cashier as commands: what they mean, and what no row of keys can bring about."""

from itertools import product

import pytest

from edge.terminal.counter.commands import Command, Verb
from edge.terminal.front.keypad import (
    MENU,
    NUMBER_MAX,
    SCANNED_MAX,
    Mode,
    Offered,
    Pad,
    Scanned,
    Sign,
    Typed,
    asks_pin,
    asks_sure,
    press,
    seen,
    waits,
)
from edge.terminal.front.presses import Key

ROWS = "0", "1", "9", ".", "enter", "back", "clear", "pay", "void", "menu"
LONGEST = 5


def keyed(words, pad=None):
    """The pad and the last deed after these keys; 'enter', 'void' … between spaces, digits as they are."""
    pad, deed = pad or Pad(), None
    for word in words.split():
        keys = [Key(word)] if word in Key else [Key(letter) for letter in word]
        for key in keys:
            pad, deed = press(pad, key)
    return pad, deed


def sale(fen):
    return Command(Verb.SELL, amount_fen=fen)


@pytest.mark.parametrize(
    ("words", "deed"),
    [
        ("12.50 enter", sale(1250)), ("12.5 enter", sale(1250)), ("12. enter", sale(1200)), ("8 00 enter", sale(80000)),
        (".5 enter", sale(50)), ("0.05 enter", sale(5)), ("0012 enter", sale(1200)), ("12.505 enter", sale(1250)),
        ("12..5 enter", sale(1250)), ("125 back enter", sale(1200)), ("9 clear 1 enter", sale(100)),
        ("12.50 pay", Command(Verb.PAY, amount_fen=1250)), ("enter", Command(Verb.AGAIN)),
        ("12.50 menu", Command(Verb.ORDER, amount_fen=1250)),
        ("void", Command(Verb.VOID)), ("17 void", Command(Verb.VOID, "17")), ("0017 void", Command(Verb.VOID, "17")),
        ("1234567890 void", Command(Verb.VOID, "1234567890")), ("99999.99 enter", sale(9_999_999)),
        ("menu 1", Command(Verb.BALANCE)), ("menu 5", Command(Verb.LOG)),
    ],
)  # fmt: skip
def test_keys_that_order_something(words, deed):
    pad, found = keyed(words)
    assert found == deed
    assert pad == Pad()


@pytest.mark.parametrize(
    "words", ["0 enter", "0.00 enter", "000000 enter", "100000 enter", "pay", "1.5 void", "menu 9", "0 menu", "menu ."]
)
def test_keys_that_move_nothing(words):
    pad, deed = keyed(words)
    assert deed is Sign.WRONG
    assert pad != Pad() or words == "pay"


@pytest.mark.parametrize(("enters", "words", "deed"), [
    (Verb.LOAD, "50 enter", Command(Verb.LOAD, amount_fen=5000)), (Verb.LOAD, "50 pay", Sign.WRONG),
    (Verb.LOAD, "void", Sign.WRONG), (Verb.STOP, "3 enter", Command(Verb.STOP, "3")),
    (Verb.STOP, "3.5 enter", Sign.WRONG), (Verb.STOP, "4000 enter", Sign.WRONG),
])  # fmt: skip
def test_other_bodies(enters, words, deed):
    assert keyed(words, Pad(enters=enters))[1] == deed


def test_a_pin_is_typed_by_its_holder_and_told_to_nobody():
    pad, _ = keyed("1234 back 5", asks_pin(Pad()))
    assert "1235" not in repr(pad)
    pad, deed = press(pad, Key.ENTER)
    assert deed == Typed("1235")
    assert "1235" not in repr(deed)
    assert pad == Pad()
    assert keyed("clear", asks_pin(Pad())) == (Pad(), Sign.OFF)
    assert len(keyed("1" * 40, asks_pin(Pad()))[0].secret) == 12


def test_while_a_card_is_waited_for_only_clear_is_heard():
    armed = waits(Pad(), "12.50")
    for key in Key:
        assert press(armed, key) == ((Pad(), Sign.OFF) if key is Key.CLEAR else (armed, None))


def expected(keys):
    """An amount by another way: the text that these keys spell, read as a decimal number of fen."""
    text = ""
    for key in keys:
        text = {"back": text[:-1], "clear": ""}.get(key, text + key if key in "0123456789." else text)
        whole, point, part = text.partition(".")
        part = part.replace(".", "")[:2]
        text = whole + point + part if point else whole[:NUMBER_MAX]
        if point and not whole:
            text = "0" + text
    whole, _, part = text.partition(".")
    return int(whole or "0") * 100 + int((part + "00")[:2])


def test_every_row_of_keys():
    """All of that length: money moves by Enter and pay alone, for what was spelt; clear is always a way out."""
    for length in range(1, LONGEST + 1):
        for keys in product(ROWS, repeat=length):
            pad, deeds = Pad(), []
            for key in keys:
                pad, deed = press(pad, Key(key))
                if isinstance(deed, Command):
                    deeds.append((key, deed))
            assert pad.mode in (Mode.AMOUNT, Mode.MENU)
            for key, command in deeds:
                if command.verb in (Verb.SELL, Verb.PAY, Verb.ORDER):
                    assert key == {Verb.SELL: "enter", Verb.PAY: "pay", Verb.ORDER: "menu"}[command.verb]
                    assert 0 < command.amount_fen < 10_000_000
                if command.verb in MENU:
                    assert "menu" in keys
            plain = not set(keys[:-1]) - {"0", "1", "9", ".", "back", "clear"}
            if plain and keys[-1] == "enter" and deeds and deeds[0][1].verb is Verb.SELL:
                assert deeds[0][1].amount_fen == expected(keys[:-1]), keys
            assert press(pad, Key.CLEAR)[0] == Pad()


@pytest.mark.parametrize(
    ("words", "deed"),
    [
        ("20260001 enter", Offered("20260001")), ("0077 back 8 enter", Offered("0078")), ("12 enter", Sign.WRONG),
        ("2026 .", Sign.WRONG), ("2026 clear", Sign.OFF), ("12345678901234567 enter", Offered("1234567890123456")),
    ],
)  # fmt: skip
def test_a_number_is_keyed_with_its_zeros_and_looked_at_before_anything_is_done(words, deed):
    assert keyed(f"menu 6 {words}")[1] == deed


@pytest.mark.parametrize(
    ("words", "deed"),
    [("enter", Command(Verb.MEAL, "20260001")), ("clear", Sign.OFF), ("back", Sign.OFF), ("1", Sign.WRONG)],
)
def test_a_number_is_recorded_by_a_second_enter_alone(words, deed):
    assert keyed(words, asks_sure(Pad(), "20260001"))[1] == deed


def test_a_scanner_types_a_code_where_a_card_is_waited_for_and_nowhere_else():
    code = "711234567890123454"
    pad, deed = keyed(f"{code} enter", waits(Pad(), scans=True))
    assert (deed, pad) == (Scanned(code), Pad())
    assert code not in repr((deed, keyed(code, waits(Pad(), scans=True))[0]))
    assert keyed(f"{code} enter", waits(Pad())) == (waits(Pad()), None)
    assert keyed("enter", waits(Pad(), scans=True))[1] is None
    assert keyed(f"{code} clear", waits(Pad(), scans=True)) == (Pad(), Sign.OFF)
    offline = "80" + "1" * (SCANNED_MAX - 3)
    pad, deed = keyed(offline, waits(Pad(), scans=True))
    assert (deed, pad.is_scanning, seen(pad), press(pad, Key.ENTER)[1]) == (
        None, True, waits(Pad(), scans=True), Scanned(offline)
    )  # fmt: skip
    assert len(keyed("1" * 600, waits(Pad(), scans=True))[0].secret) == SCANNED_MAX
