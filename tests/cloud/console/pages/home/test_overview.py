"""The overview of a real ledger: what was not heard is unknown, and nothing above it is plain green."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cloud.console.pages.home.overview import DEAD_MS, QUIET_MS, SILENT_MS, Overview
from cloud.console.words.catalogue import words
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from shared.wire.messages import FORM_2, NONCE_SIZE, BoxState, Heads, Hello, SignedAck, TerminalState
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import fresh

NOW_MS = c.NOW.unix_ms
BOX_MS = 1_000_000
"""The clock of a box that was never set."""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(fresh.in_file(tmp_path / "ledger.db")) as opened:
        yield opened


def say(ledger: Ledger, *, box: str = c.BOX, online: bool = True, unsettled: int = 0, oldest_ms: int = 0,
        quiet_ms: int = 0, plain: tuple[str, ...] = ()) -> None:  # fmt: skip
    """A box's state, heard at NOW_MS. quiet_ms: since it heard its terminal last."""
    terminal = TerminalState(c.POS, "1", "can0", "joined", BOX_MS - quiet_ms, 3, 3, 0, 0)
    state = BoxState(box, c.STORE, BOX_MS, online, unsettled, 1000, 99, oldest_ms, 2, (terminal,), plain=plain)
    ledger.store_state(box, state, NOW_MS)


def read(ledger: Ledger, later_ms: int = 0) -> dict[str, Any]:
    return Overview(Reader(ledger.database)).read(NOW_MS + later_ms)


def box(snapshot: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in snapshot["boxes"] if one["box"] == c.BOX)


def terminal(snapshot: dict[str, Any]) -> tuple[str, str]:
    found = next(one for one in snapshot["terminals"] if one["name"] == "pos-01")
    return found["mark"], found["state"]


def test_a_demonstration_is_called_one_and_still_has_the_key_of_before(ledger: Ledger) -> None:
    snapshot = read(ledger)
    assert (snapshot["demo"], snapshot["drill"]) == (True, True)


def test_what_waits_has_an_age_and_not_a_date(ledger: Ledger) -> None:
    """A box tells for how long its oldest row waits; it goes on waiting while nobody hears of the box."""
    say(ledger, unsettled=3, oldest_ms=4_000)
    assert read(ledger)["figures"]["oldest_s"] == 4
    assert read(ledger, 2_000)["figures"]["oldest_s"] == 6
    say(ledger)
    assert read(ledger)["figures"]["oldest_s"] == 0


def test_a_box_that_was_never_heard_shows_no_numbers(ledger: Ledger) -> None:
    told = box(read(ledger))
    assert (told["state"], told["mark"]) == ("unknown", "off")
    assert [told[name] for name in ("unsettled", "cap", "accepted", "faults", "heard_s")] == [None] * 5


def test_a_box_that_is_silent_shows_what_it_may_hold_as_unknown(ledger: Ledger) -> None:
    say(ledger, unsettled=3)
    assert box(read(ledger))["unsettled"] == 3
    told = box(read(ledger, SILENT_MS))
    assert (told["state"], told["unsettled"], told["accepted"], told["cap"]) == ("offline", None, None, 1000)


@pytest.mark.parametrize("online", [True, False])
def test_what_is_not_heard_is_not_in_the_sum_of_what_waits(ledger: Ledger, online: bool) -> None:
    """Two boxes: one of them is silent, so what waits is that much at least."""
    say(ledger, unsettled=3, online=online)
    figures = read(ledger)["figures"]
    assert (figures["unposted"], figures["boxes_unknown"]) == (3, 1 if online else 2)


@pytest.mark.parametrize(
    ("quiet_ms", "state"),
    [
        (0, ("ok", "joined")),
        (QUIET_MS - 1, ("ok", "joined")),
        (QUIET_MS, ("off", "unknown")),
        (DEAD_MS - 1, ("off", "unknown")),
        (DEAD_MS, ("bad", "silent")),
    ],
)
def test_a_terminal_without_heartbeats_is_unknown_and_then_red(
    ledger: Ledger, quiet_ms: int, state: tuple[str, str]
) -> None:
    say(ledger, quiet_ms=quiet_ms)
    assert terminal(read(ledger)) == state


def test_a_terminal_goes_silent_while_nothing_new_is_heard_of_it(ledger: Ledger) -> None:
    say(ledger, quiet_ms=5_000)
    assert terminal(read(ledger, 4_999)) == ("ok", "joined")
    assert terminal(read(ledger, 5_000)) == ("off", "unknown")


def test_books_in_balance_are_plain_green_only_when_every_box_is_heard(ledger: Ledger) -> None:
    say(ledger)
    assert (read(ledger)["ledger"]["ok"], read(ledger)["ledger"]["mark"]) == (True, "warn")
    say(ledger, box=c.OTHER_BOX)
    assert read(ledger)["ledger"]["mark"] == "ok"
    assert read(ledger, SILENT_MS)["ledger"]["mark"] == "warn"


def test_money_that_the_ledger_never_gave_is_red_until_somebody_has_explained_it(ledger: Ledger) -> None:
    for one in (c.BOX, c.OTHER_BOX):
        say(ledger, box=one)
    sale = c.purchase(1, c.card(1), 7, c.OPENING + 50, c.OPENING + 900)
    c.Box(ledger).send(c.stored(sale))
    while ledger.find_differences(c.NOW):
        pass
    told = read(ledger)["ledger"]
    assert (told["ok"], told["mark"], told["said"], told["unexplained"]) == (False, "bad", "ledger_differs", 1)
    ledger.explain_difference(1, "王芳", "密钥外泄", c.NOW)
    told = read(ledger)["ledger"]
    assert (told["ok"], told["mark"], told["said"]) == (True, "warn", "ledger_explained")
    assert (told["unexplained"], told["explained"]) == (0, 1)
    assert {"ledger_differs", "ledger_explained", "differences", "explained"} <= set(words("zh"))


def test_a_ledger_that_was_put_back_is_red_until_two_persons_have_closed_the_list(ledger: Ledger) -> None:
    for one in (c.BOX, c.OTHER_BOX):
        say(ledger, box=one)
    heads = Heads(bytes(32), 9, b"h" * 32)
    shown = ledger.ack_for(c.BOX, c.STORE, FORM_2)._replace(heads=heads)
    said = Hello(c.STORE, 0, 0, SignedAck(b"", bytes(64)), bytes(NONCE_SIZE))
    ledger.hello(c.BOX, c.PARTITION, said, lambda _: shown, c.NOW)
    told = read(ledger)["ledger"]
    assert (told["ok"], told["mark"], told["said"]) == (False, "bad", "ledger_put_back")
    assert "账内链 1–9 不会再来，待两人办结" in told["put_back"][0]
    assert "book-only links 1–9 are gone" in told["put_back"][1]
    held = HeldLedger(ledger.opened)
    held.confirm_close(held.propose_close("张三", "按底单补记", c.NOW).number, "李四", c.NOW)
    told = read(ledger)["ledger"]
    assert (told["ok"], "所缺已办结" in told["put_back"][0]) == (True, True)
    assert "ledger_put_back" in words("zh")


def test_a_terminal_of_which_nothing_was_told_shows_no_numbers(ledger: Ledger) -> None:
    numbers = ("last_seq", "settled", "owes", "open_slots")
    say(ledger)
    found = {one["name"]: [one[name] for name in numbers] for one in read(ledger)["terminals"]}
    assert (found["pos-01"], found["pos-02"]) == ([3, 3, 0, 0], [None] * 4)


def test_nothing_is_plain_green_above_a_loss_after_a_report(tmp_path: Path) -> None:
    with closing(open_prepared(str(tmp_path / "ledger.db"), c.LEDGER_ID)) as opened:
        ledger = Ledger(opened)
        ledger.import_inventory(c.inventory(), c.NOW)
        for name in (c.BOX, c.OTHER_BOX):
            ledger.store_state(name, BoxState(name, c.STORE, BOX_MS, True, 0, 9, 9, 0, 0), NOW_MS)
        assert read(ledger)["ledger"]["mark"] == "ok"
        DeskLedger(opened).report_lost(Wish(b"k" * 16, "王芳", "0001", "丢失"), c.NOW)
        c.Box(ledger).send(c.stored(c.purchase(1, c.card(1), 0, 300, c.OPENING, time=c.NOW.campus_s + 60)))
        while ledger.find_differences(c.NOW):
            pass
        shown = read(ledger)["ledger"]
        assert (shown["said"], shown["loss_fen"]) == ("ledger_differs", 300)
        ledger.explain_difference(1, "李明", "已报案", c.NOW)
        shown = read(ledger)["ledger"]
        assert (shown["ok"], shown["mark"], shown["said"]) == (True, "warn", "ledger_lost")
        assert words("zh")[shown["said"]] == "已平，另有挂失后损失"


def test_a_box_without_tls_is_told_as_long_as_it_has_said_nothing_else(ledger: Ledger) -> None:
    say(ledger)
    assert read(ledger)["plain"] == []
    say(ledger, plain=("tcp",))
    (told,) = read(ledger)["plain"]
    assert (told["box"], told["links"]) == (c.BOX, ["tcp"])
    assert read(ledger, SILENT_MS)["plain"] == [told]
