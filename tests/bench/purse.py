"""Purse cryptography and dialogues: whole CAPP purchases in process and through pcscd, a terminal's own share of a
tap, and TAC checks with warm card keys."""

import statistics
import time
from collections.abc import Iterator

from shared.clocks.clock import date_time_bcd
from shared.ids import PsamId
from shared.purse.cos.images import CardKey, CardKeys, PsamMaster, new_card_image, new_psam_image
from shared.purse.crypto import Key, diversify, purchase_tac_input, tac_calculator
from shared.purse.files import PublicData
from shared.purse.outcomes import Purchased
from shared.purse.profiles import CAMPUS
from shared.purse.tac import TacChecker, tac_item
from tests.bench import counter, readers
from tests.bench.row import Row
from tests.bench.tap import buy, card_of, psam_of, wire_of

ROUNDS = 5
CARDS = 100
TAPS_A_CARD = 5
TAPS_GOAL = 2_000
CHECKS = 20
TIME_S = 817_339_530
PSAM = PsamId(bytes.fromhex("510000000023"))
ISSUER = b"\x53\x03"
PURCHASE, LOAD, TAC = Key(bytes(range(16))), Key(bytes(range(16, 32))), Key(bytes(range(32, 48)))


def rows() -> Iterator[Row]:
    """Purchases/s with both ends in software and through real PC/SC; the terminal's share; TAC checks/s beside MACs."""
    taps, checks, macs = [], [], []
    for _ in range(ROUNDS):
        rate, bought = _purchases()
        taps.append(rate)
        checks.append(_checks(bought))
        macs.append(_macs(bought))
    rate = statistics.median(taps)
    name = "CAPP purchase, card, PSAM and till in process"
    yield Row(name, rate, "taps/s", goal=f"≥ {TAPS_GOAL:,}", met=rate >= TAPS_GOAL)
    yield readers.row(card_of(_card_image(1)), psam_of(_psam_image()), PSAM, TIME_S)
    yield from counter.rows()
    beside = "the same TACs, keys at hand"
    yield Row("TAC checks, warm", statistics.median(checks), "checks/s", beside, statistics.median(macs))


def _purchases() -> tuple[float, list[Purchased]]:
    cards = [card_of(_card_image(n)) for n in range(1, CARDS + 1)]
    psam = psam_of(_psam_image())
    bought = []
    began = time.perf_counter()
    for turn in range(TAPS_A_CARD):
        for card in cards:
            card.power_on()
            bought.append(buy(card, psam, PSAM, 1250, TIME_S + turn))
            wire_of(bought[-1], len(bought))
    return len(bought) / (time.perf_counter() - began), bought


def _checks(bought: list[Purchased]) -> float:
    checker = TacChecker({(ISSUER, 1): TAC})
    items = b"".join(
        tac_item(one.purchase.card_id, one.purchase.key_version, one.purchase.algorithm, _input(one), one.tac)
        for one in bought
    )
    if any(checker.check(items)):
        raise RuntimeError("the bench's own TACs are not genuine")
    began = time.perf_counter()
    for _ in range(CHECKS):
        checker.check(items)
    return CHECKS * len(bought) / (time.perf_counter() - began)


def _macs(bought: list[Purchased]) -> float:
    """The floor: nothing but the MAC of each input under a key that is there."""
    keyed = [(tac_calculator(diversify(TAC, one.purchase.card_id[2:])), _input(one)) for one in bought]
    began = time.perf_counter()
    for _ in range(CHECKS):
        for calculate, asked in keyed:
            calculate(asked)
    return CHECKS * len(bought) / (time.perf_counter() - began)


def _input(one: Purchased) -> bytes:
    p = one.purchase
    return purchase_tac_input(p.amount_fen, p.type, p.psam_id, p.ttn, date_time_bcd(p.time_s))


def _psam_image() -> bytes:
    return new_psam_image(PSAM, {1: PsamMaster(PURCHASE, 1)})


def _card_image(number: int) -> bytes:
    serial = number.to_bytes(8, "big")
    public = PublicData(
        ISSUER, serial, bytes.fromhex("20250901"), bytes.fromhex("20290731"), b"\x45\x10", b"\x00\x01", card_type=1,
        subtype=2,
    )  # fmt: skip
    keys = CardKeys(
        (CardKey(1, 1, diversify(PURCHASE, serial), 0),), (CardKey(1, 1, diversify(LOAD, serial), 0),),
        diversify(TAC, serial),
    )  # fmt: skip
    return new_card_image(CAMPUS, public, keys, opening_balance_fen=50_000, ceiling_fen=100_000)
