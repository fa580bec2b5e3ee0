"""Wrong passwords at the console are counted from its own file: five lock the name, and are an alarm."""

from contextlib import closing
from pathlib import Path

from cloud.console.access.accounts import Accounts
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.watching import Watching
from cloud.watch.subjects.sign_ins import FILE, failures, sign_in_signal

NOW = 1_795_836_000


def test_without_a_console_nothing_is_known(tmp_path: Path) -> None:
    assert failures(tmp_path / FILE, NOW) is None
    (tmp_path / FILE).write_bytes(b"no database" * 100)
    assert failures(tmp_path / FILE, NOW) is None


def test_what_failed_lately_is_counted_over_all_names_and_a_right_one_ends_its_own(tmp_path: Path) -> None:
    with closing(Accounts(tmp_path / FILE)) as accounts:
        assert failures(tmp_path / FILE, NOW) == 0
        for n, name in enumerate(("admin", "admin", "root")):
            assert not accounts.check(name, "wrong", NOW + n)
        assert failures(tmp_path / FILE, NOW + 3) == 3
        assert failures(tmp_path / FILE, NOW + 1000) == 0


def test_five_of_them_raise_the_alarm_and_no_other(tmp_path: Path) -> None:
    watching = Watching(RULES)
    with closing(Accounts(tmp_path / FILE)) as accounts:
        found = []
        for n in range(5):
            accounts.check("admin", "wrong", NOW + n)
            signal = sign_in_signal(tmp_path, (NOW + n) * 1000)
            found += [change.key.rule for change in watching.read([signal], is_meal=False)]
        assert found == ["failed-sign-ins"]
        assert accounts.locked("admin", NOW + 5)
