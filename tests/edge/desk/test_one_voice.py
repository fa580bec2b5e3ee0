"""What the desk puts together has both languages, whole and apart: nothing Chinese in an English line, and no gap."""

import re

from edge.desk.card.cards import not_kept
from edge.desk.doors.centre import FORBIDDEN
from edge.desk.money.day import KINDS, sheet_lines
from edge.desk.money.money import NAMES
from edge.desk.paper import card_line, no_line, receipt_line
from shared.purse.desk_outcomes import DoneAtCard, NotKnown, Refused, Remedy
from shared.purse.reasons import Reason
from shared.wire.desk.calls import DaySheet, ReceiptSaid, SheetRow
from shared.words.voice import Text

CHINESE = re.compile("[\u4e00-\u9fff，：；（）。]")


def both(text: Text) -> None:
    assert CHINESE.search(text.zh)
    assert not CHINESE.search(text.en), text.en
    assert text.en.strip()


def test_what_became_of_a_card_is_told_in_either() -> None:
    done = Text("已激活", "activated")
    for reason in Reason:
        unknown = NotKnown(reason, Remedy.TRY_BOTH, 0x6F00)
        for outcome in (DoneAtCard(), Refused(reason), Refused(reason, 0x6985), unknown):
            both(card_line(outcome, done))
    refused = card_line(Refused(Reason.CARD_KEY, 0x9403), done)
    assert refused.en == "not done: the card's key is not supported (9403)"
    both(no_line(FORBIDDEN))
    both(not_kept("0012", "9001"))


def test_a_receipt_is_printed_in_either() -> None:
    for again in (False, True):
        for what in NAMES.values():
            text = receipt_line(what, ReceiptSaid("cashier", 7, 1_250, 0, 2_000, again))
            both(text)
            assert ("reprint" in text.en, "重打" in text.zh) == (again, again)


def test_a_days_sheet_is_printed_in_either() -> None:
    rows = tuple(SheetRow(kind, 1, 500) for kind in KINDS)
    for counted_fen, counted_left in ((None, None), (500, 1), (400, 0), (600, 2)):
        day = DaySheet("cashier", 9_000, 1, 4, rows, 500, counted_fen, 1, 3, 1, 1, 1, counted_left)
        for line in sheet_lines(day):
            both(line)
