"""What a keeper costs: granted loads, TAC checks cold and warm, upkeep commands, through software and a SoftHSM token.

In one process, without the socket: the socket's share is in the scenes. The token is SoftHSM, a program; a hardware
module has its own figures.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from provisioning.keeper import token as token_files
from provisioning.keeper.keeper import Keeper
from provisioning.keeper.pkcs11 import Pkcs11Keeper
from provisioning.keeper.software import keeper_of
from provisioning.keys import levels
from provisioning.keys.store import KeyStore, Unlock
from provisioning.plan import numbers
from provisioning.process.operations import KeyOperations
from shared.purse import crypto
from shared.purse.load_auth import LoadAuth
from shared.purse.tac import tac_item
from shared.purse.upkeep import UpdateFile
from shared.wire import codec
from shared.wire.keyproc import Op, Role
from shared.wire.upkeep_frames import to_frame
from tests.bench.row import Row

CAMPUS = 1
CARDS = 500
ROUNDS = 3
CHECKS_A_CARD = 10
TIME_S = 817_339_530
WARM, WARM_GOAL = "TAC checks, warm cards", 80_000


def rows() -> Iterator[Row]:
    """Operations a second over each keeper; the token's beside the software keeper's."""
    school = levels.school_of(levels.region_of(levels.new_root(os.urandom), 1), CAMPUS)
    soft = _figures(keeper_of(school), school)
    for name, rate in soft.items():
        yield _row(f"{name}, software keeper", rate)
    if token_files.softhsm() is None:
        return
    with tempfile.TemporaryDirectory(prefix="ykt-token-") as folder:
        keeper = _token(Path(folder), school)
        hard = _figures(keeper, school)
        keeper.close()
    for name, rate in hard.items():
        yield _row(f"{name}, SoftHSM keeper", rate, "software keeper", soft[name])


def _row(name: str, rate: float, beside: str = "", beside_value: float | None = None) -> Row:
    """The checks of warm cards have a goal, over either keeper."""
    if WARM not in name:
        return Row(name, rate, "ops/s", beside, beside_value)
    return Row(name, rate, "ops/s", beside, beside_value, f"≥ {WARM_GOAL:,}", rate >= WARM_GOAL)


def _token(data: Path, school: KeyStore) -> Pkcs11Keeper:
    (data / "keys").mkdir()
    (data / "campus.json").write_text(f'{{"campus": {CAMPUS}}}')
    token_files.move_into_token(data, Unlock(os.urandom(32)), school, os.urandom)
    return Pkcs11Keeper(token_files.open_token(data, None, None))


def _figures(keeper: Keeper, school: KeyStore) -> dict[str, float]:
    serials = [numbers.card_serial(1, CAMPUS, n) for n in range(1, CARDS + 1)]
    own = levels.card_keys(school, 1, serials)
    cards = [numbers.issuer(CAMPUS) + serial for serial in serials]
    loads = [_load(card, keys.load) for card, keys in zip(cards, own, strict=True)]
    upkeep = [_upkeep(card) for card in cards]
    tacs = b"".join(_tac(card, keys.tac) for card, keys in zip(cards, own, strict=True))
    cold, warm = codec.dumps([Op.TAC, tacs]), codec.dumps([Op.TAC, tacs * CHECKS_A_CARD])
    operations = KeyOperations(keeper, CAMPUS)
    return {
        "loads granted (MAC1, MAC2)": _rate(operations, loads, Role.MONEY, len(loads)),
        "upkeep commands protected": _rate(operations, upkeep, Role.DESK, len(upkeep)),
        "TAC checks, cold cards": statistics.median(
            _rate(KeyOperations(keeper, CAMPUS), [cold], Role.MONEY, CARDS, rounds=1) for _ in range(ROUNDS)
        ),
        WARM: _rate(operations, [warm], Role.MONEY, CARDS * CHECKS_A_CARD),
    }


def _rate(operations: KeyOperations, requests: list[bytes], role: Role, each: int, rounds: int = ROUNDS) -> float:
    """Median of a few rounds; the first request's answer must be a grant."""
    rates = []
    for _ in range(rounds):
        began = time.perf_counter()
        answers = [operations.answer(request, role) for request in requests]
        rates.append(each / (time.perf_counter() - began))
        if not all(codec.loads(answer)[0] for answer in answers):
            raise RuntimeError("the bench's own requests are refused")
    return statistics.median(rates)


def _load(card: bytes, key: crypto.Key) -> bytes:
    session = crypto.load_session_key(key, b"\1\2\3\4", 7)
    mac1 = crypto.load_mac1(session, 100, 5_000, 2, bytes(6))
    return codec.dumps([Op.LOAD_MAC2, *LoadAuth(card, 1, 0, b"\1\2\3\4", 7, 100, 5_000, 2, bytes(6), mac1), TIME_S])


def _upkeep(card: bytes) -> bytes:
    return codec.dumps([Op.UPKEEP, card, 1, b"\1\2\3\4", to_frame(UpdateFile(0x15, 8, b"\1"))])


def _tac(card: bytes, key: crypto.Key) -> bytes:
    covered = crypto.purchase_tac_input(1_250, 9, bytes(6), 7, bytes(7))
    return tac_item(card, 1, 0, covered, crypto.tac(key, covered))
