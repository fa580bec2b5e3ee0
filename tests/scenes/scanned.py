"""What a customer's phone does with the code that a till shows now."""

import re
import time
from contextlib import closing
from secrets import token_bytes, token_hex

from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.records.values import Now
from cloud.payments import calls
from cloud.payments.orders.door import OrderDoor
from cloud.payments.views import View
from shared.clocks.campus_clock import WALL
from shared.ids import card_id
from tests.scenes.campus import Campus
from tests.scenes.hand import Hand
from tests.scenes.plans import STRANGER

_CODE = re.compile(r"72\d{4} \d{6} \d{6}")


def scanned(campus: Campus, hand: Hand) -> View:
    """Looked at, and paid out of the stranger's account; the outcome as the phone has it."""
    found = _CODE.search(hand.screen)
    assert found is not None, hand.screen
    ((card,),) = campus.asked("SELECT card FROM card WHERE label = ?", STRANGER)
    unix_s = time.time()
    now = Now(int(unix_s * 1000), WALL.at(unix_s))
    with closing(open_prepared(str(campus.ledger), lazily=True)) as opened:
        door = OrderDoor(opened, token_bytes)
        order = calls.order(door, found.group(), now)
        return calls.pay(door, card_id(card), token_hex(16), order["token"], order["fen"], now)
