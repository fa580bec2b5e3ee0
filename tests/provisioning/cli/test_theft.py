"""provisioning psam-stolen: the register's part of a theft, as often as one likes, and what rotation would cost."""

import json

from provisioning.custody import chain as custody_chain
from provisioning.custody.journal import read_journal
from provisioning.issue.campus_facts import read_campus
from provisioning.psam.register import PsamState, Register
from tests.provisioning.desk import WHO, ok, provision


def words(own, *more):
    psam = read_campus(own).inventory.psams[0].psam
    return ("psam-stolen", "--data", own, *WHO, "--psam", psam.hex(), "--reason", "窗口被撬", *more)


def register(own):
    return Register.of_rows(1, read_journal(own / "keys/psam.journal"))


def test_a_theft_said_twice_is_one_and_tells_what_rotation_costs(own):
    told = json.loads(ok(*words(own, "--json")))
    inventory = read_campus(own).inventory
    (version,) = told["rotation"]
    assert (told["state"], told["versions"], version["version"]) == ("stolen", [1], 1)
    assert (version["cards"], version["psams"]) == (len(inventory.cards), len(inventory.psams) - 1)
    rows = len(read_journal(own / "keys/psam.journal"))
    text = ok(*words(own))
    assert "被盗" in text
    assert f"{len(inventory.cards)} 张有效卡" in text
    assert len(read_journal(own / "keys/psam.journal")) == rows
    assert custody_chain.faults((own / "keys/custody.log").read_bytes()) == []
    last = json.loads((own / "keys/custody.log").read_bytes().splitlines()[-1])
    assert last["note"].endswith("被盗 stolen: 窗口被撬")


def test_found_again_it_is_in_its_body(own):
    first = read_campus(own).inventory.psams[0]
    ok(*words(own))
    told = json.loads(ok(*words(own, "--found", "--json")))
    assert told["state"] == "in-body"
    assert register(own).in_body(first.device) == first.psam
    assert json.loads(ok(*words(own, "--found", "--json")))["state"] == "in-body"
    ok(*words(own))
    assert register(own).entry(first.psam).state is PsamState.STOLEN


def test_a_psam_that_nobody_made_is_wrong_use(own):
    done = provision("psam-stolen", "--data", own, *WHO, "--psam", "51" * 6, "--reason", "x")
    assert (done.returncode, "登记簿中没有" in done.stderr) == (2, True)
