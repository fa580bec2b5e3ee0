"""The end of a rotation: the old version is retired, refused with its reason at the till and by the key process.

Its late TACs still hold. On a real campus, with a real key process.
"""

import json
import os

import pytest

from cloud.keys.client import KeyClient, KeyRefused
from provisioning.custody.files import open_level
from provisioning.issue import bodies as body_file
from provisioning.issue.campus_facts import read_campus
from provisioning.keys.levels import MASTERS, card_keys
from provisioning.keys.store import KeyKind, Level
from shared.clocks.clock import CampusTime
from shared.purse import crypto
from shared.purse.caps import MealClock
from shared.purse.cos.card import UserCard
from shared.purse.cos.psam import Psam
from shared.purse.effects import drive
from shared.purse.flows.till import identify, open_psam, purchase
from shared.purse.load_auth import LoadAuth
from shared.purse.outcomes import CardIdentity, Declined, PurchaseOrder
from shared.purse.profiles import CAMPUS
from shared.purse.reasons import REASON_TEXT, Reason
from shared.purse.tac import TacVerdict
from shared.words.voice import Text
from tests.patience import PATIENCE_S
from tests.provisioning.cli import test_psam as rotation
from tests.provisioning.desk import WHO, ok, provision
from tests.provisioning.running_keys import running

TERM = bytes(6)


def load_of(data, keys, label, version):
    """A right request for a load of this card, as if its key were of that version."""
    row = next(row for row in read_campus(data).inventory.cards if row.label == label)
    (own,) = card_keys(keys, version, [row.card[2:]])
    mac1 = crypto.load_mac1(crypto.load_session_key(own.load, b"\1\2\3\4", 7), 100, 5_000, 2, TERM)
    return LoadAuth(row.card, version, 0, b"\1\2\3\4", 7, 100, 5_000, 2, TERM, mac1)


@pytest.mark.process
def test_the_old_version_is_retired_refused_with_its_reason_and_still_proven(own, tmp_path, monkeypatch) -> None:
    data = ("--data", own)
    rotation.second_version(own, tmp_path)
    files = rotation.psam_files(own)
    for psam, file in files.items():
        ok("psam", "renew", *data, *WHO, "--psam", psam.hex(), "--file", file)
    ok("rotate", "issue", *data, *WHO, "--version", 2)
    rotation.new_card(own, tmp_path)
    both = open_level(own, Level.SCHOOL)
    with body_file.in_reader(next(iter(files.values()))) as memory:
        psam = Psam(memory, os.urandom)
        psam.power_on()
        drive(open_psam(), psam=psam)
        late = rotation.item(rotation.purchase(own, "0002", psam, next(iter(files))))
    waiting = [load_of(own, both, label, version) for label, version in (("0002", 1), ("n1", 2))]

    early = provision("rotate", "retire", *data, *WHO, "--version", 1)
    assert (early.returncode, "到期" in early.stderr) == (2, True)
    last = max(row.expires for row in read_campus(own).inventory.cards if row.key_version == 1)
    monkeypatch.setattr("provisioning.cli.psam.now_s", lambda: last + 86_400)
    assert "可停用（rotate retire" in ok("rotate", "status", *data)
    assert "请重启密钥进程，使其使用现在的主密钥" in ok("rotate", "retire", *data, *WHO, "--version", 1)
    ok("rotate", "retire", *data, *WHO, "--version", 1)
    assert "1（停用）" in ok("rotate", "status", *data)
    left = {(key.kind, key.version) for key in open_level(own, Level.SCHOOL).keys if key.kind in MASTERS}
    assert {kind for kind, version in left if version == 1} == {KeyKind.TAC, KeyKind.PSAM_CONTROL}
    assert {kind for kind, version in left if version == 2} == set(MASTERS)

    with running(own) as keys, KeyClient(keys.path, timeout_s=PATIENCE_S) as client:
        with pytest.raises(KeyRefused, match=r"^retired-key$"):
            client.load_mac2(waiting[0], last)
        assert len(client.load_mac2(waiting[1], last)) == 4
        assert client.check_tac(late) == bytes((TacVerdict.OK,))
        assert keys.end() == 0

    made = ok("psam", "make", *data, *WHO, "--out", tmp_path / "psams").strip()
    refused = at_the_till(own, "0002", tmp_path / "psams" / f"{made}.psam")
    assert isinstance(refused, Declined)
    assert refused.reason is Reason.CARD_KEY
    assert REASON_TEXT[refused.reason] == Text("卡密钥版本不支持", "the card's key is not supported")


def at_the_till(data, label, psam_file):
    """A purchase with a PSAM that was made after the version went; the card is not expired for this clock."""
    file = json.loads((data / "cards/index.json").read_text())[label]["file"]
    row = next(row for row in read_campus(data).inventory.cards if row.label == label)
    now_s = row.issued + 120
    with body_file.in_reader(data / "cards" / file) as memory, body_file.in_reader(psam_file) as chip:
        card, psam = UserCard(memory, os.urandom), Psam(chip, os.urandom)
        card.power_on()
        psam.power_on()
        psam_id = drive(open_psam(), psam=psam).psam_id
        identity = drive(identify(CAMPUS, CampusTime(now_s, is_set=True)), card=card)
        assert isinstance(identity, CardIdentity)
        order = PurchaseOrder(100, now_s, psam_id, MealClock(now_s // 86_400, 2, is_set=True), None)
        return drive(purchase(order, identity), card=card, psam=psam, persist=lambda _: None, lookup=lambda *_: False)
