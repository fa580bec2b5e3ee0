"""Cards made and enabled while the masters are in a token: each agrees with the token, the store has no master."""

import json
import os
import shutil
from pathlib import Path

import pytest

from cloud.keys.client import KeyClient
from provisioning.custody.files import open_level
from provisioning.issue import bodies as body_file
from provisioning.issue.activation import look
from provisioning.issue.campus_facts import read_campus
from provisioning.keeper import token as token_files
from provisioning.keeper.issuing_keys import of_keeper, of_store
from provisioning.keeper.keeper import CardKeyName
from provisioning.keeper.pkcs11 import Pkcs11Keeper
from provisioning.keys.levels import MASTERS
from provisioning.keys.store import KeyKind, Level, WrongKeyUse
from shared.clocks.clock import date_time_bcd
from shared.purse.commands import select_name
from shared.purse.cos.card import UserCard
from shared.purse.load_auth import LoadAuth
from shared.purse.profiles import AID_PURSE, CAMPUS
from tests.patience import PATIENCE_S
from tests.provisioning.desk import WHO, ok, provision
from tests.provisioning.running_keys import needs_softhsm, running

pytestmark = [pytest.mark.process, needs_softhsm]
TERM = bytes.fromhex("000750000001")
PARITY = bytes([0xFE]) * 16


@pytest.fixture
def data(own) -> Path:
    """A campus whose masters went into a token after its blank cards came."""
    words = ("--data", own)
    ok("stock", "receive", *words, *WHO, "--first", 1, "--count", 8, "--virtual")
    ok("token", *words, "--who", "甲")
    return own


def test_a_card_made_from_the_token_is_loaded_by_the_token(data, tmp_path) -> None:
    words = ("--data", data)
    left = {key.kind for key in open_level(data, Level.SCHOOL).keys}
    assert left.isdisjoint(MASTERS)
    (tmp_path / "o.json").write_text(json.dumps({"batch": "o", "cards": [{"label": "n1", "name": "新", "class": "c"}]}))
    ok("batch", "start", *words, *WHO, "--order", tmp_path / "o.json")
    ok("batch", "lease", *words, *WHO, "--batch", "o", "--machine", "m")
    assert "好卡 1" in ok("batch", "work", *words, "--machine", "m")
    ok("batch", "return", *words, *WHO, "--machine", "m")
    ok("batch", "inventory", *words, *WHO)
    ok("card", "activate", *words, *WHO, "--label", "n1")
    assert {key.kind for key in open_level(data, Level.SCHOOL).keys} == left
    row = read_campus(data).inventory.cards[-1]
    file = data / "cards" / json.loads((data / "cards/index.json").read_text())["n1"]["file"]
    with running(data, "--keeper", "pkcs11") as keys, KeyClient(keys.path, timeout_s=PATIENCE_S) as client:
        with body_file.in_reader(file) as memory:
            card = UserCard(memory, os.urandom)
            card.power_on()
            assert look(card, CAMPUS).is_enabled
            assert card.transmit(select_name(AID_PURSE))[-2:] == b"\x90\0"
            said = card.transmit(bytes.fromhex("805000020B01000001F4") + TERM + b"\x10")
            counter, rnd, mac1 = int.from_bytes(said[4:6], "big"), said[8:12], said[12:16]
            auth = LoadAuth(row.card, said[6], said[7], rnd, counter, 0, 500, 2, TERM, mac1)
            now_s = row.issued + 60
            mac2 = client.load_mac2(auth, now_s)
            assert card.transmit(bytes.fromhex("805200000B") + date_time_bcd(now_s) + mac2 + b"\x04")[-2:] == b"\x90\0"
        assert keys.end() == 0


def test_what_a_token_cannot_do_is_said(data, tmp_path) -> None:
    made = provision("psam", "make", "--data", data, *WHO, "--out", tmp_path / "p")
    assert (made.returncode, "的消费主密钥在密码设备里，出不来：PSAM 须在移入之前写" in made.stderr) == (2, True)
    assert not (data / "keys/psam.journal").exists()
    (data / "keys/token.pin").write_text("0000")
    (tmp_path / "o.json").write_text(json.dumps({"batch": "o", "cards": [{"label": "n1", "name": "新", "class": "c"}]}))
    ok("batch", "start", "--data", data, *WHO, "--order", tmp_path / "o.json")
    ok("batch", "lease", "--data", data, *WHO, "--batch", "o", "--machine", "m")
    refused = provision("batch", "work", "--data", data, "--machine", "m")
    assert (refused.returncode, "密码设备不接受 PIN" in refused.stderr) == (2, True)
    shutil.rmtree(data / "keys/token")
    gone = provision("batch", "work", "--data", data, "--machine", "m")
    assert (gone.returncode, "没有密码设备" in gone.stderr) == (2, True)


def test_both_sources_give_a_card_the_same_keys_but_for_parity(campus, token_campus) -> None:
    serial = campus.inventory.cards[2].card[2:]
    soft = of_store(campus.school)
    with token_files.open_token(token_campus, None, None) as token:
        keeper = Pkcs11Keeper(token)
        hard = of_keeper(keeper)
        pairs = list(zip(soft.of_card(1, serial), hard.of_card(1, serial), strict=True))
        assert len(pairs) == 10
        assert all(bytes_of(one) == bytes_of(other) for one, other in pairs)
        assert soft.algorithm(1) == hard.algorithm(1)
        with pytest.raises(WrongKeyUse):
            keeper.own_key(CardKeyName(KeyKind.LINK, 1, serial))


def bytes_of(key) -> bytes:
    """Without the parity bits, which DES does not look at."""
    return bytes(octet & mask for octet, mask in zip(key.octets, PARITY, strict=True))
