"""Commands that make the next state of a file from the one before it: one at a time, or what the first did is lost."""

import pytest

from provisioning.custody import journal
from provisioning.custody.journal import alone_in
from tests.provisioning.desk import WHO, provision

FOLDERS = {
    ("crl", "renew", *WHO): "broker",
    ("crl", "revoke", "--box", "bus-1", "--reason", "lost", *WHO): "broker",
    ("batch", "inventory", *WHO): ".",
    ("psam", "inventory", *WHO): ".",
    ("terminal-tls", "off", "--box", "bus-1"): "terminals",
    ("operator", "--label", "主管 2", *WHO): "terminals",
}


@pytest.mark.parametrize("words", FOLDERS)
def test_another_command_that_writes_the_same_is_waited_for(data, words, monkeypatch) -> None:
    monkeypatch.setattr(journal, "LOCK_S", 0.0)
    with alone_in(data / FOLDERS[words]):
        done = provision(*words, "--data", data)
        assert (done.returncode, "另一个程序正在使用" in done.stderr) == (2, True), done
    done = provision(*words, "--data", data)
    assert done.returncode == 0, done
