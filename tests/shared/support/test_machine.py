"""What the kernel's own files say of a machine, read from texts as they are in the field."""

from pathlib import Path

import pytest

from shared.support.checks import State
from shared.support.machine import journal, machine_checks, memory, mount_of, mounts

MOUNTINFO = """\
25 1 179:2 / / ro,relatime shared:1 - ext4 /dev/mmcblk0p2 ro
26 25 179:3 / /var/lib/openykt rw,noatime shared:2 - ext4 /dev/mmcblk0p3 rw
27 25 0:22 / /run rw,nosuid shared:3 - tmpfs tmpfs rw,mode=755
28 26 0:31 / /var/lib/openykt/with\\040space rw - overlay overlay rw
broken line
"""


@pytest.mark.parametrize(
    ("folder", "kind", "is_read_only"),
    [
        ("/var/lib/openykt/campus", "ext4", False),
        ("/opt/openykt", "ext4", True),
        ("/run/openykt", "tmpfs", False),
        ("/var/lib/openykt/with space/a", "overlay", False),
        ("/var/lib/openykt2", "ext4", True),
    ],
)
def test_on_what_a_folder_lies(folder: str, kind: str, is_read_only: bool) -> None:
    found = mount_of(Path(folder), mounts(MOUNTINFO))
    assert found is not None
    assert (found.kind, found.is_read_only) == (kind, is_read_only)


@pytest.mark.parametrize(("kib", "state"), [(3_000, State.CARE), (800_000, State.GOOD)])
def test_memory(tmp_path: Path, kib: int, state: State) -> None:
    file = tmp_path / "meminfo"
    file.write_text(f"MemTotal:        4000000 kB\nMemAvailable:   {kib} kB\n", encoding="ascii")
    assert [one.state for one in memory(file)] == [state]


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("[Journal]\n#SystemMaxUse=\n", State.CARE),
        ("[Journal]\nSystemMaxUse=64M\nMaxRetentionSec=200day\n", State.GOOD),
        ("[Journal]\nStorage=volatile\nSystemMaxUse=64M\nMaxRetentionSec=200day\n", State.CARE),
    ],
)
def test_the_journal_is_bounded_and_kept(tmp_path: Path, said: str, state: State) -> None:
    (tmp_path / "openykt.conf").write_text(said, encoding="utf-8")
    assert [one.state for one in journal((tmp_path,), ())] == [state]


def test_in_a_container_its_engine_keeps_the_log(tmp_path: Path) -> None:
    (tmp_path / ".containerenv").touch()
    assert [one.state for one in journal((tmp_path / "gone",), (tmp_path / ".containerenv",))] == [State.GOOD]


def test_no_journal_at_all_is_not_known(tmp_path: Path) -> None:
    assert [one.state for one in journal((tmp_path / "gone",), ())] == [State.UNKNOWN]


def test_this_machine_has_an_answer_to_each(tmp_path: Path) -> None:
    for check in machine_checks(tmp_path):
        assert [one.said.zh for one in check.ask()], check.id
