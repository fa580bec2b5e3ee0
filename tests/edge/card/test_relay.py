"""A reader lent by lines: what lies in it, what it answers, and that no line breaks it."""

import os

import pytest

from edge.card import relay as relay_module
from edge.card.relay import LINE_MAX, Relay, serve
from edge.card.sim.place import CARD_READER
from shared.errors import ConfigFault
from tests.edge.card.chips import ATR, Scripted
from tests.edge.readers import wait_for

pytestmark = pytest.mark.process


@pytest.fixture
def relay(readers):
    one = Relay(CARD_READER)
    yield one
    one.close()


def test_a_card_is_seen_laid_asked_and_let_go(readers, relay):
    wait_for(lambda: relay.answer("look") == "empty")
    assert relay.answer("lay") == "none ABSENT"
    readers.server.card.insert(Scripted({0x84: "010203049000"}))
    wait_for(lambda: relay.answer("look").startswith("card"))
    assert relay.answer("look") == f"card {ATR.hex().upper()} -"
    assert relay.answer("lay").split() == ["card", ATR.hex().upper(), "T1"]
    assert relay.answer("send 0084000004") == "ok 010203049000"
    assert relay.answer("send 0020000000") == "ok 6D00"
    assert relay.answer("free") == "ok"
    assert relay.answer("send 0084000004") == "lost -"


def test_a_card_that_dies_is_lost_until_it_is_laid_again(readers, relay):
    readers.server.card.insert(Scripted({0x84: "010203049000"}, dies=0x20))
    wait_for(lambda: relay.answer("lay").startswith("card"))
    assert relay.answer("send 0020000000") == "lost -"
    assert relay.answer("send 0084000004") == "lost -"


@pytest.mark.parametrize("line", ["", "send", "send xy", "send 00", "lay 1", "quit", "send 0084 000004"])
def test_a_line_that_is_none_of_ours_ends_it(relay, line):
    with pytest.raises(ConfigFault):
        relay.answer(line)


def test_a_line_without_an_end_is_refused(readers, capsys):
    with pytest.raises(ConfigFault, match="一行太长"):
        serve(CARD_READER, ["look\n", "s" * (LINE_MAX + 1)])
    assert capsys.readouterr().out.splitlines()[0] == "READY relay"


def test_what_is_sent_is_in_no_fault(relay):
    secret = os.urandom(8).hex()
    with pytest.raises(ConfigFault) as fault:
        relay.answer(f"send {secret} {secret}")
    assert secret not in str(fault.value)
    assert "log" not in vars(relay_module)
