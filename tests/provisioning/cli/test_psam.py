"""PSAM register and a whole rotation on a real campus: both versions sell during the overlap; late TACs still hold."""

import json
import os

import pytest

from provisioning.cli.cli import main
from provisioning.custody import chain as custody_chain
from provisioning.custody.files import open_level
from provisioning.custody.journal import read_journal
from provisioning.issue import bodies as body_file
from provisioning.issue.campus_facts import read_campus
from provisioning.keys.components import new_component, sheet
from provisioning.keys.levels import MASTERS
from provisioning.keys.store import KeyKind, Level
from provisioning.psam.register import Register
from shared.clocks.clock import date_time_bcd
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import decode_psam_image
from shared.purse.cos.psam import Psam
from shared.purse.crypto import purchase_tac_input
from shared.purse.effects import drive
from shared.purse.flows.till import open_psam
from shared.purse.tac import TacChecker, TacVerdict, tac_item
from tests.bench.tap import buy
from tests.provisioning.desk import WHO, load_card, ok, provision


def psam_files(data):
    """PSAM id → file, of all terminals."""
    names = {row.device.hex(): row.psam for row in read_campus(data).inventory.psams}
    found = {}
    for path in (data / "terminals").iterdir():
        device = json.loads((path / "terminal.json").read_text())["device"]
        if device in names:
            found[names[device]] = path / "psam.bin"
    return found


def test_the_register_begins_with_the_campus_own(own):
    told = ok("psam", "list", "--data", own)
    inventory = read_campus(own).inventory
    assert told.count("已装机") == len(inventory.psams) == len(told.splitlines())
    assert not (own / "keys/psam.journal").exists()


def said(capsys, *words):
    """What argparse says."""
    with pytest.raises(SystemExit):
        main(list(map(str, words)))
    out = capsys.readouterr()
    return out.out + out.err


def test_an_order_says_what_it_is_for_what_it_needs_and_what_there_is(own, tmp_path, capsys):
    data, why = ("--data", own), ("--reason", "读卡不良")
    page = said(capsys, "psam", "order", "--help")
    assert all(part in page for part in ("换机单：", "需要：", "--device pos-01", "psam close --order 1"))
    body = read_campus(own).inventory.devices[0]
    wrong = provision("psam", "order", *data, *WHO, *why, "--device", "nobody", "--into", "5" * 12)
    assert (wrong.returncode, body.name in wrong.stderr) == (2, True)
    assert "psam list" in said(capsys, "psam", "order", *data, *WHO, *why, "--device", body.name, "--into", "xyz")
    mine = read_campus(own).inventory.psams[0].psam.hex()
    wrong = provision("psam", "order", *data, *WHO, *why, "--device", body.name, "--into", mine)
    assert (wrong.returncode, "psam make" in wrong.stderr) == (2, True)
    (made,) = ok("psam", "make", *data, *WHO, "--out", tmp_path / "psams").split()
    wrong = provision("psam", "order", *data, *WHO, *why, "--device", body.name, "--into", mine)
    assert (wrong.returncode, f"可换上：{made}" in wrong.stderr) == (2, True)
    assert f"→ {made}" in ok("psam", "order", *data, *WHO, *why, "--device", body.name, "--into", made)


def test_new_psams_a_theft_and_a_swap(own, tmp_path):
    data = ("--data", own)
    first = read_campus(own).inventory.psams[0]
    made = ok("psam", "make", *data, *WHO, "--count", 2, "--out", tmp_path / "psams").split()
    highest = max(int(row.psam.hex()[-4:], 16) for row in read_campus(own).inventory.psams)
    assert [int(psam[-4:], 16) for psam in made] == [highest + 1, highest + 2]
    image = decode_psam_image(body_file.BodyMemory(tmp_path / "psams" / f"{made[0]}.psam").load())
    school = open_level(own, Level.SCHOOL)
    assert (image.psam_id.hex(), sorted(image.masters)) == (made[0], [1])
    assert image.masters[1].key == school.one(KeyKind.PURCHASE, 1).card_key(KeyKind.PURCHASE)
    swap = ("--device", first.device.hex(), "--into", made[0], "--reason", "读卡不良")
    assert "换机单 1" in ok("psam", "order", *data, *WHO, *swap)
    assert provision("psam", "order", *data, *WHO, *swap).returncode == 2
    ok("psam", "move", *data, *WHO, "--psam", first.psam.hex(), "--to", "stolen", "--reason", "夜间被撬")
    ok("psam", "close", *data, *WHO, "--order", 1, "--out", "stolen")
    told = ok("psam", "list", *data)
    assert f"{first.psam.hex()}  被盗" in told
    assert f"{made[0]}  已装机" in told
    assert "换机单 1" in told
    assert "1 个新 PSAM" in ok("psam", "inventory", *data, *WHO)
    row = read_campus(own).inventory.psams[-1]
    assert (row.psam.hex(), row.device) == (made[0], first.device)
    register = Register.of_rows(1, read_journal(own / "keys/psam.journal"))
    assert [stay.device for stay in register.stays_of(first.psam)] == [first.device]
    assert custody_chain.faults((own / "keys/custody.log").read_bytes()) == []
    assert "夜间被撬" in json.loads((own / "keys/custody.log").read_bytes().splitlines()[-2])["note"]


def test_the_wrong_psam_in_the_reader_is_not_written(own):
    (one, file), (other, _) = sorted(psam_files(own).items())[:2]
    before = file.read_bytes()
    done = provision("psam", "renew", "--data", own, *WHO, "--psam", other.hex(), "--file", file)
    assert (done.returncode, "读写器上不是" in done.stderr) == (2, True)
    assert file.read_bytes() == before
    ok("psam", "renew", "--data", own, *WHO, "--psam", one.hex(), "--file", file)


def second_version(data, folder, *words):
    """A ceremony for the next version on the campus's own stores."""
    passphrases = []
    ok("ceremony", "begin", "--data", data, *WHO, "--campus", 1, "--officer", "甲", "--officer", "乙", *words)
    for name in ("甲", "乙"):
        for suffix, text in (("words", f"passphrase {name}"), ("sheet", None)):
            path = folder / f"{name}.{suffix}"
            path.write_text(text or sheet([new_component(kind, os.urandom) for kind in MASTERS]))
            path.chmod(0o600)
        words = folder / f"{name}.words"
        passphrases += ["--officer-passphrase", f"{name}={words}"]
        ok("ceremony", "enter", "--data", data, "--officer", name, "--sheet", folder / f"{name}.sheet",
           "--officer-passphrase-file", words)  # fmt: skip
    ok("ceremony", "join", "--data", data, *passphrases)
    ok("ceremony", "derive", "--data", data)
    ok("ceremony", "close", "--data", data, *WHO)


@pytest.mark.parametrize(("algorithm", "selector"), [("3des", 0x00), ("sm4-campus", 0xE4)])
def test_a_whole_rotation_with_overlap(own, tmp_path, algorithm, selector):
    """Also from 3DES to SM4: cards and PSAMs of both ciphers serve side by side until the old cards expire."""
    data = ("--data", own)
    assert "下一版本 2" in ok("rotate", "new", *data)
    second_version(own, tmp_path, "--algorithm", algorithm)
    refused = provision("rotate", "issue", *data, *WHO, "--version", 2)
    assert (refused.returncode, "还没有版本" in refused.stderr) == (2, True)
    assert "尚未启用" in provision("rotate", "new", *data).stderr
    files = psam_files(own)
    for psam, file in files.items():
        ok("psam", "renew", *data, *WHO, "--psam", psam.hex(), "--file", file)
    assert "现行" in ok("rotate", "issue", *data, *WHO, "--version", 2)
    ok("rotate", "issue", *data, *WHO, "--version", 2)
    new_card(own, tmp_path)
    old_cards, new_cards = json.loads(ok("rotate", "cost", *data, "--json"))
    assert (old_cards["version"], old_cards["cards"], old_cards["psams"]) == (1, 40, len(files))
    assert (new_cards["version"], new_cards["cards"]) == (2, 1)
    assert old_cards["last_s"] == max(row.expires for row in read_campus(own).inventory.cards if row.key_version == 1)
    assert "40 张有效卡" in ok("rotate", "cost", *data)
    assert "到期" in provision("rotate", "retire", *data, *WHO, "--version", 1).stderr

    psam_id, file = next(iter(files.items()))
    with body_file.in_reader(file) as memory:
        psam = Psam(memory, os.urandom)
        psam.power_on()
        drive(open_psam(), psam=psam)
        old, new = (purchase(own, label, psam, psam_id) for label in ("0002", "n1"))
    assert (old.purchase.key_version, new.purchase.key_version) == (1, 2)
    assert (old.purchase.algorithm, new.purchase.algorithm) == (0x00, selector)
    rows = {row.label: row.algorithm for row in read_campus(own).inventory.cards}
    assert (rows["0002"], rows["n1"]) == (0x00, selector)
    school = open_level(own, Level.SCHOOL)
    masters = {(b"\0\1", n): school.one(KeyKind.TAC, n).card_key(KeyKind.TAC) for n in (1, 2)}
    assert set(TacChecker(masters).check(item(old) + item(new))) == {TacVerdict.OK}
    only_new = {key: master for key, master in masters.items() if key[1] == 2}
    assert TacChecker(only_new).check(item(old))[0] == TacVerdict.UNKNOWN_KEY


def new_card(data, folder):
    (folder / "o.json").write_text(json.dumps({"batch": "o", "cards": [{"label": "n1", "name": "新", "class": "c"}]}))
    words = ("--data", data)
    ok("stock", "receive", *words, *WHO, "--first", 1, "--count", 8, "--virtual")
    ok("batch", "start", *words, *WHO, "--order", folder / "o.json")
    ok("batch", "lease", *words, *WHO, "--batch", "o", "--machine", "m")
    ok("batch", "work", *words, "--machine", "m")
    ok("batch", "return", *words, *WHO, "--machine", "m")
    ok("batch", "inventory", *words, *WHO)
    ok("card", "activate", *words, *WHO, "--label", "n1")


def purchase(data, label, psam, psam_id):
    index = json.loads((data / "cards/index.json").read_text())
    row = next(row for row in read_campus(data).inventory.cards if row.label == label)
    with body_file.in_reader(data / "cards" / index[label]["file"]) as memory:
        card = UserCard(memory, os.urandom)
        card.power_on()
        load_card(card, open_level(data, Level.SCHOOL), row.key_version, row.card[2:], 500, row.issued + 30)
        return buy(card, psam, psam_id, 500, row.issued + 60)


def item(one):
    p = one.purchase
    asked = purchase_tac_input(p.amount_fen, p.type, p.psam_id, p.ttn, date_time_bcd(p.time_s))
    return tac_item(p.card_id, p.key_version, p.algorithm, asked, one.tac)
