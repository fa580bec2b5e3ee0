"""Codes leave by the school's own way of SMS, oldest first, and none is lost while the way is away."""

import pytest

from cloud.wallet.back.sms import door_of, sent
from cloud.wallet.people.codes import CODE_MS, Sms, note_sent, send_code, unsent
from cloud.watch.notify.channels.door import ChannelFault, Given

WAITING = [Sms(1, "13000000001", "a"), Sms(2, "bad", "b"), Sms(3, "13000000003", "c"), Sms(4, "13000000004", "d")]


class Way:
    """Takes what it may: an address that is none never, and after `most` it is away."""

    def __init__(self, most):
        self.most, self.taken = most, []

    def send(self, message):
        if message.address == "bad":
            raise ChannelFault("no such address", for_good=True)
        if len(self.taken) >= self.most:
            raise ChannelFault("away", for_all=True)
        self.taken.append((message.address, message.text))
        return Given("ok")

    def heard(self, awaited=tuple):
        return ()


@pytest.mark.parametrize(("most", "done"), [(0, []), (1, [1, 2]), (9, [1, 2, 3, 4])])
def test_what_is_not_taken_waits_and_what_never_can_be_does_not_hold_up_the_rest(most, done):
    assert sent(Way(most), WAITING, 0) == done


def test_a_code_too_old_to_be_of_use_is_not_sent(rig):
    people = rig.site.people
    with people.writing():
        send_code(people, "sign-in", "13000000001", 1_000, really=True)
        send_code(people, "sign-in", "13000000001", 2_000, really=True)
        first, second = unsent(people, 2_000)
        note_sent(people, first.id)
        assert unsent(people, 2_000) == [second]
        assert unsent(people, 2_000 + CODE_MS) == []


def test_a_modem_and_no_file_are_the_watchs_alone(tmp_path):
    assert door_of(tmp_path) is None
    file = tmp_path / "channels.toml"
    file.write_text('[sms]\nkind = "modem"\nport = "/dev/ttyUSB0"\n')
    file.chmod(0o600)
    assert door_of(tmp_path) is None
