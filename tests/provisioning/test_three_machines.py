"""Batch production as a school has it: three machines, one order, one stock; killed and refused."""

import json
import os

import pytest

from provisioning.custody import chain as custody_chain
from provisioning.issue import bodies as body_file
from provisioning.issue.activation import look
from provisioning.issue.files import LeaseFolder
from shared.purse import commands
from shared.purse.apdu import ResponseApdu
from shared.purse.commands import SFI_HOLDER
from shared.purse.cos.card import UserCard
from shared.purse.files import holder_name
from shared.purse.profiles import CAMPUS
from tests.provisioning import three_machines
from tests.provisioning.desk import WHO, ok

CARDS, SEED = 120, 5


@pytest.mark.process
def test_three_machines_killed_and_refused_make_every_card_once(own) -> None:
    days = three_machines.prepare(own, CARDS, SEED)
    three_machines.work(own, days, SEED)
    told = three_machines.require_right(own, days)
    assert days.kills >= 3, told
    assert days.looks >= 1, told
    assert len(days.sheets) > 3, told
    assert custody_chain.faults((own / "keys/custody.log").read_bytes()) == []
    order = LeaseFolder(own / "production/leases/0001").order
    for line in (order.lines[0], order.lines[CARDS // 2], order.lines[-1]):
        assert on_the_card(own, line.label) == (line.name, False)
    ok("card", "activate", "--data", own, *WHO, "--label", order.lines[7].label)
    assert on_the_card(own, order.lines[7].label) == (order.lines[7].name, True)


def on_the_card(data, label):
    """Whose it is, and whether it is enabled, as the card itself says."""


    file = json.loads((data / "cards/index.json").read_text())[label]["file"]
    with body_file.in_reader(data / "cards" / file) as memory:
        card = UserCard(memory, os.urandom)
        card.power_on()
        seen = look(card, CAMPUS)
        holder = ResponseApdu.decode(card.transmit(commands.read_binary(SFI_HOLDER, 0x27))).data
    return holder_name(holder), seen.is_enabled
