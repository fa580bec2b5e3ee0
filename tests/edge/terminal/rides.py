"""A bus for tests: fares of two lines, a validator's bench, a card that may ride, and a card that is torn once."""

from shared.purse.caps import CardCounters
from shared.purse.cos.images import Application, CardKey, CardKeys, RamMemory, personalised_card_image
from shared.purse.cos.torn import Tear, TearingChannel
from shared.purse.crypto import diversify
from shared.purse.files import PublicData
from shared.purse.profiles import CAMPUS
from shared.transit.ride_record import RideRecord

FARES = {
    "version": 1, "discount_fen": 50, "window_s": 3600,
    "lines": [{"line": 1, "name": "环线", "form": "flat", "fares_fen": [200]},
              {"line": 2, "name": "校区线", "form": "stages", "fares_fen": [100, 100, 200, 300]}],
}  # fmt: skip
SERIAL = (0x4711).to_bytes(8, "big")


def ride(door="both", line=2, stop=1, **changed):
    return {"door": door, "line": line, "stop": stop, "direction": 0, "fares": FARES} | changed


def card_memory(school, fen):
    public = PublicData(b"\x53\x03", SERIAL, bytes.fromhex("20250901"), bytes.fromhex("20290731"), b"\x45\x10", b"\0\1")
    keys = CardKeys(
        (CardKey(1, 1, diversify(school.purchase, SERIAL)),), (CardKey(1, 1, diversify(school.loads, SERIAL)),),
        diversify(school.tac, SERIAL),
    )  # fmt: skip
    records = (CardCounters().encode(), RideRecord().encode())
    return RamMemory(personalised_card_image([Application(CAMPUS, public, keys, fen, records=records)]))


def tap(bench, memory, plan=None):
    card = bench.school.card(memory)
    return bench.tap(bench.firmware.ride(bench.now()), card if plan is None else TearingChannel(card, plan))


def lost_its_clock(bench):
    """Powered on again with an empty battery and no network."""
    bench.options["clock_set"] = False
    bench.power_on()
    return bench


class Cut:
    """Tears the n-th command, once."""

    def __init__(self, at, tear):
        self.at, self.tear, self.steps = at, tear, 0

    def __call__(self):
        self.steps += 1
        return self.tear if self.steps - 1 == self.at else Tear.NOT
