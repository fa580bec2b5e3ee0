"""A card of the campus loaded, served and proven, all asked of the real key process over either keeper.

Nothing here holds a key: what the card accepts, the key process made; a card of another serial refuses it.
"""

import os
from dataclasses import replace

import pytest

from cloud.keys.client import KeyClient, KeyRefused
from shared.clocks.clock import CampusTime, date_time_bcd
from shared.online import LoadAnswer, LoadResult
from shared.purse import commands
from shared.purse.apdu import ResponseApdu
from shared.purse.commands import SFI_HOLDER
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import RamMemory
from shared.purse.crypto import TYPE_EP_LOAD, load_tac_input
from shared.purse.desk_outcomes import DoneAtCard, Refused, Unloaded, UnloadOrder
from shared.purse.effects import Denial, Grant, UnloadProof, drive, drive_desk
from shared.purse.flows.load import load
from shared.purse.flows.till import identify, read_balance
from shared.purse.flows.unload import unload
from shared.purse.flows.upkeep import authenticate_to_card, maintain
from shared.purse.load_auth import LoadAuth, mac3_halves
from shared.purse.outcomes import CardIdentity, Loaded, LoadOrder, Rejected
from shared.purse.profiles import CAMPUS, Purse
from shared.purse.tac import TacVerdict, tac_item
from shared.purse.upkeep import (
    BlockApplication,
    BlockCard,
    CardKeyType,
    ExternalAuthAsk,
    InternalAuthAsk,
    PinReloadAsk,
    UnblockApplication,
    UpdateFile,
    UpkeepAsk,
    WriteKey,
)
from shared.records.slot_file import choose
from shared.words.voice import Text
from tests.patience import PATIENCE_S
from tests.provisioning.running_keys import needs_softhsm, running

pytestmark = pytest.mark.process
HOLDER_SIZE = 0x27
"""Bytes of file 0016."""
DESK_ID = bytes.fromhex("510000000099")
PROFILE = replace(CAMPUS, unload=frozenset((Purse.EP,)))


@pytest.fixture(scope="module", params=["software", pytest.param("pkcs11", marks=needs_softhsm)])
def keys(request, campus):
    data = campus.data if request.param == "software" else request.getfixturevalue("token_campus")
    with running(data, "--desk-socket", "{}/desk", "--keeper", request.param) as keys:
        yield keys


class Desk:
    """A desk that asks the key process what its flows ask the centre."""

    def __init__(self, keys, campus, label: str = "0012") -> None:
        self.money = KeyClient(keys.path, timeout_s=PATIENCE_S)
        self._cards = KeyClient(keys.path.parent / "desk", timeout_s=PATIENCE_S)
        row = next(row for row in campus.inventory.cards if row.label == label)
        self.now_s = row.issued + 43_200
        file = campus.data / "cards" / campus.json("cards/index.json")[label]["file"]
        self.card = UserCard(RamMemory(choose(file.read_bytes()).body), os.urandom)
        self.number = row.card
        self.identity = self.present()

    def close(self) -> None:
        self.money.close()
        self._cards.close()

    def present(self) -> CardIdentity | Rejected:
        self.card.power_on()
        return drive(identify(PROFILE, CampusTime(self.now_s, is_set=True)), card=self.card)

    def run(self, flow):
        return drive_desk(flow, card=self.card, centre=self.centre, keep=lambda _pending: None)

    def grant(self, asked):
        """As the centre answers a load machine."""
        names = ("card", "key_version", "algorithm", "rnd", "counter", "balance_fen", "amount_fen", "type")
        auth = LoadAuth(*(getattr(asked, name) for name in names), DESK_ID, asked.mac1)
        return LoadAnswer(LoadResult.GRANTED, self.now_s, self.money.load_mac2(auth, self.now_s), asked.amount_fen)

    def centre(self, question):
        try:
            return self._answer(question)
        except KeyRefused as refused:
            return Denial(Text(str(refused), str(refused)))

    def _answer(self, question):
        match question:
            case LoadAuth():
                return Grant(self.now_s, self.money.unload_mac2(question, self.now_s))
            case UnloadProof(auth, time_s, mac3):
                return any(self.money.unload_mac3(auth, time_s, half) for half in mac3_halves(mac3))
            case UpkeepAsk():
                return self._cards.upkeep(question, 1)
            case PinReloadAsk():
                return self._cards.pin_reload(question, 1)
            case ExternalAuthAsk():
                return self._cards.external_auth(question, 1)
            case InternalAuthAsk():
                return self._cards.internal_auth(question, 1)


@pytest.fixture
def desk(keys, campus):
    desk = Desk(keys, campus)
    yield desk
    desk.close()


def test_a_file_is_updated_under_line_protection(desk) -> None:
    assert isinstance(desk.identity, CardIdentity)
    before = read(desk, SFI_HOLDER)
    name = "李四".encode("gb18030")
    assert desk.run(maintain(UpdateFile(SFI_HOLDER, 2, name), desk.number)) == DoneAtCard()
    after = read(desk, SFI_HOLDER)
    assert after == before[:2] + name + before[2 + len(name) :]


def read(desk: Desk, sfi: int) -> bytes:
    answer = ResponseApdu.decode(desk.card.transmit(commands.read_binary(sfi, HOLDER_SIZE)))
    assert answer.sw == 0x9000, f"{answer.sw:04X}"
    return answer.data


def test_another_cards_command_is_refused_by_the_card(desk, campus) -> None:
    other = next(row for row in campus.inventory.cards if row.card != desk.number)
    refused = desk.run(maintain(BlockApplication(), other.card))
    assert isinstance(refused, Refused)
    assert refused.sw == 0x6988
    assert isinstance(desk.present(), CardIdentity)


def test_an_application_is_blocked_and_unblocked_and_a_card_for_ever(desk) -> None:
    assert desk.run(maintain(BlockApplication(), desk.number)) == DoneAtCard()
    assert isinstance(desk.present(), Rejected)
    assert desk.run(maintain(UnblockApplication(), desk.number)) == DoneAtCard()
    assert isinstance(desk.present(), CardIdentity)
    assert desk.run(maintain(BlockCard(), desk.number)) == DoneAtCard()
    assert isinstance(desk.present(), Rejected)


def test_the_card_believes_the_issuer(desk) -> None:
    assert desk.run(authenticate_to_card(desk.number)) == DoneAtCard()


def test_a_key_is_written_and_the_next_transaction_uses_it(desk) -> None:
    """The same key again, under its own version: the card accepts the cryptogram and still agrees with the centre."""
    written = desk.run(maintain(WriteKey(CardKeyType.UNLOAD, 1, 1), desk.number))
    assert written == DoneAtCard()
    assert isinstance(unloaded(desk, 100), Unloaded)
    denied = desk.run(maintain(WriteKey(CardKeyType.UNLOAD, 1, 9), desk.number))
    assert isinstance(denied, Refused)
    assert denied.why == Text("unknown-key", "unknown-key")


def test_a_load_is_granted_credited_and_its_tac_is_right(desk) -> None:
    before = drive(read_balance(), card=desk.card)
    desk.identity = desk.present()
    done = drive(load(LoadOrder(2_500, DESK_ID), desk.identity), card=desk.card, ask=desk.grant, persist=kept)
    assert isinstance(done, Loaded), done
    assert drive(read_balance(), card=desk.card) == before + 2_500
    asked, when = done.load.request, date_time_bcd(done.load.time_s)
    covered = load_tac_input(before + 2_500, asked.counter, 2_500, TYPE_EP_LOAD, DESK_ID, when)
    item = tac_item(desk.number, asked.key_version, asked.algorithm, covered, done.tac)
    assert desk.money.check_tac(item) == bytes((TacVerdict.OK,))
    assert desk.money.check_tac(item[:-1] + bytes((item[-1] ^ 1,))) == bytes((TacVerdict.WRONG,))


def kept(_pending) -> None:
    """A desk's durable store; the card is never pulled here."""


def test_an_unload_is_granted_debited_and_proven(desk) -> None:
    before = drive(read_balance(), card=desk.card)
    assert isinstance(unloaded(desk, 300), Unloaded)
    assert drive(read_balance(), card=desk.card) == before - 300


def unloaded(desk: Desk, fen: int):
    desk.identity = desk.present()
    return desk.run(unload(UnloadOrder(fen, DESK_ID, Purse.EP), desk.identity))
