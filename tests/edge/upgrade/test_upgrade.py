"""Releases of a box side by side: taken, tried, kept, taken back; and the plug pulled before every durable step."""

import json
import os
import tarfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from edge.upgrade.folders import CURRENT, STANDING, Folders, NotTaken, require_whole
from edge.upgrade.standing import NAMED_MAX, TRIES_MAX, Back, Offered, Standing, Why, decode, encode, offered
from edge.upgrade.starting import ARCHIVE, BEGUN, TRIAL_S, WANTED, WELL, Machine, Starting
from edge.upgrade.trial import BOUND_S, WELL_S, Before, Seen, Trial

MACHINE = Machine("3.13", "aarch64")
NOW_S = 1_790_000_000


class PulledPlug(BaseException):
    """Nothing is cleaned up behind it."""


class Box:
    """One on a bench: its folders, and a plug that is pulled before the n-th durable step from here on."""

    def __init__(self, room: Path) -> None:
        self.room, self.incoming = room, room / "incoming"
        self.place = room / "place"
        for folder in (self.incoming, self.place):
            folder.mkdir()
        self.shipped = release(room / "opt", "openykt-edge-1", 0)
        self.steps: list[str] = []
        self.pull_at = 10**9
        self.proof = ""

    def start(self) -> str:
        """Which release starts."""
        self.steps.clear()
        folders = Folders(self.place, self.shipped, self._step)
        Starting(folders, self.incoming, lambda _, __: self.proof, MACHINE).step(NOW_S)
        return self.current

    @property
    def current(self) -> str:
        return (self.place / CURRENT).resolve().name

    @property
    def standing(self) -> Standing:
        return decode((self.place / STANDING).read_bytes())

    def fetch(self, number: int, **wrong: str) -> Offered:
        """As the box does when it has a whole archive."""
        folder = release(self.room / "made", f"openykt-edge-{number}", number, **wrong)
        archive = self.incoming / ARCHIVE
        with tarfile.open(archive, "w:gz") as out:
            out.add(folder, folder.name)
        found = Offered(folder.name, number, sha256(archive.read_bytes()).hexdigest())
        (self.incoming / WANTED).write_text(json.dumps(found._asdict()))
        return found

    def says(self, name: str, *, well: bool, said: str = "") -> None:
        (self.incoming / WELL).write_text(json.dumps({"name": name, "well": well, "said": said}))

    def _step(self, name: str) -> None:
        self.steps.append(name)
        if len(self.steps) > self.pull_at:
            raise PulledPlug(name)


def release(room: Path, name: str, number: int, python: str = "3.13", machine: str = "aarch64") -> Path:
    folder = room / name
    for part in ("bin", "lib"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "bin/openykt").write_text(f"#!/bin/sh\necho {number}\n")
    (folder / "lib/a.py").write_text(f"N = {number}\n")
    files = {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.*")}
    files["bin/openykt"] = sha256((folder / "bin/openykt").read_bytes()).hexdigest()
    said = {"format": 1, "python": python, "machine": machine, "files": files}
    (folder / "MANIFEST.json").write_text(json.dumps(said))
    return folder


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_the_package_starts_where_nothing_else_stands(box: Box) -> None:
    assert box.start() == "openykt-edge-1"
    assert box.start() == "openykt-edge-1"


def test_a_release_is_tried_and_kept_when_the_box_is_well(box: Box) -> None:
    box.start()
    two = box.fetch(2)
    assert box.start() == two.name
    assert box.standing.trial == two
    box.says(two.name, well=True)
    assert box.start() == two.name
    assert (box.standing.current, box.standing.trial, box.standing.former) == (
        two,
        None,
        Offered("openykt-edge-1", 0, ""),
    )
    assert not list(box.incoming.iterdir()), "nothing is left to be taken again"


def test_folders_of_before_the_last_but_one_go(box: Box) -> None:
    box.start()
    for number in (2, 3, 4):
        one = box.fetch(number)
        assert box.start() == one.name
        box.says(one.name, well=True)
    box.start()
    assert sorted(path.name for path in (box.place / "releases").iterdir()) == ["openykt-edge-3", "openykt-edge-4"]


def test_a_crash_loop_goes_back_by_itself_and_is_never_tried_again(box: Box) -> None:
    box.start()
    two = box.fetch(2)
    assert [box.start() for _ in range(TRIES_MAX + 1)] == [two.name] * TRIES_MAX + ["openykt-edge-1"]
    assert [(one.name, one.why) for one in box.standing.back] == [(two.name, Why.STARTS)]
    box.fetch(2)
    (box.incoming / WANTED).write_text(json.dumps(two._asdict()))
    assert box.start() == "openykt-edge-1"
    assert len(box.standing.back) == 1


def test_a_box_that_is_worse_than_before_goes_back(box: Box) -> None:
    box.start()
    two = box.fetch(2)
    box.start()
    box.says(two.name, well=False, said="can0")
    assert box.start() == "openykt-edge-1"
    assert box.standing.back[0][3:5] == (Why.UNWELL, "can0")
    three = box.fetch(3)
    assert box.start() == three.name, "the next release is tried all the same"


def test_a_word_about_another_release_counts_for_nothing(box: Box) -> None:
    box.start()
    two = box.fetch(2)
    box.start()
    box.says("openykt-edge-9", well=True)
    assert (box.start(), box.standing.trial) == (two.name, two)


@pytest.mark.parametrize(
    ("wrong", "why"), [({"python": "3.14"}, Why.PYTHON), ({"machine": "x86_64"}, Why.MACHINE)]
)  # fmt: skip
def test_a_release_for_another_machine_is_refused(box: Box, wrong: dict[str, str], why: Why) -> None:
    box.start()
    box.fetch(2, **wrong)
    assert box.start() == "openykt-edge-1"
    assert box.standing.back[0].why is why
    assert not list(box.incoming.iterdir())


def _cut(box: Box, found: Offered) -> None:
    raw = (box.incoming / ARCHIVE).read_bytes()
    (box.incoming / ARCHIVE).write_bytes(raw[: len(raw) // 2])


def _cut_and_named(box: Box, found: Offered) -> None:
    _cut(box, found)
    digest = sha256((box.incoming / ARCHIVE).read_bytes()).hexdigest()
    (box.incoming / WANTED).write_text(json.dumps(found._replace(digest=digest)._asdict()))


def _gone(box: Box, _: Offered) -> None:
    (box.incoming / ARCHIVE).unlink()


def _climbs(box: Box, found: Offered) -> None:
    with tarfile.open(box.incoming / ARCHIVE, "w:gz") as out:
        member = tarfile.TarInfo("../../outside")
        out.addfile(member)
    digest = sha256((box.incoming / ARCHIVE).read_bytes()).hexdigest()
    (box.incoming / WANTED).write_text(json.dumps(found._replace(digest=digest)._asdict()))


def _unproven(box: Box, _: Offered) -> None:
    box.proof = "root: the campus key does not stand for the first one"


def _no_room(box: Box, found: Offered) -> None:
    (box.incoming / WANTED).write_text(json.dumps(found._replace(number=0)._asdict()))


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (_cut, Why.FILES), (_cut_and_named, Why.FILES), (_gone, Why.FILES), (_climbs, Why.FILES),
        (_unproven, Why.UNPROVEN), (_no_room, Why.OLDER),
    ],
)  # fmt: skip
def test_what_is_not_right_is_never_started(box: Box, harm: Callable[[Box, Offered], None], why: Why) -> None:
    box.start()
    harm(box, box.fetch(2))
    assert box.start() == "openykt-edge-1"
    assert [one.why for one in box.standing.back] == [why]
    assert not (box.room / "outside").exists()


@pytest.mark.parametrize("name", ["../x", "", ".hidden", "a/b", "-x", "x" * 121, "x\n", 7])
def test_a_name_that_is_no_folder_is_none(name: object) -> None:
    with pytest.raises(ValueError):
        offered({"name": name, "number": 2, "digest": "00"})


def test_a_file_that_rotted_on_the_disk_is_seen_at_the_next_start_of_a_trial(box: Box) -> None:
    box.start()
    two = box.fetch(2)
    box.start()
    (box.place / "releases" / two.name / "lib/a.py").write_text("N = 3\n")
    assert box.start() == "openykt-edge-1"
    assert box.standing.back[0][3:5] == (Why.FILES, "lib/a.py")


def test_a_release_that_lost_its_launcher_gives_way(box: Box) -> None:
    box.start()
    two = box.fetch(2)
    box.start()
    box.says(two.name, well=True)
    box.start()
    (box.place / "releases" / two.name / "bin/openykt").unlink()
    assert box.start() == "openykt-edge-1"


@pytest.mark.parametrize("raw", [b"", b"{}", b"\0" * 99, b'{"format": 2}', b"[]"])
def test_a_standing_that_cannot_be_read_starts_the_package(box: Box, raw: bytes) -> None:
    box.start()
    (box.place / STANDING).write_bytes(raw)
    assert box.start() == "openykt-edge-1"


def _judges(box: Box, began_s: float) -> bool:
    """A minute's look; the start began so many seconds ago."""
    boot, now_s = (box.place / BEGUN).read_text().split()
    (box.place / BEGUN).write_text(f"{boot} {float(now_s) - began_s:.0f}\n")
    return Starting(Folders(box.place, box.shipped), box.incoming, lambda _, __: "", MACHINE).judge(NOW_S)


def test_a_release_on_trial_that_says_nothing_is_ended_and_goes_back(box: Box) -> None:
    box.start()
    two = box.fetch(2)
    assert not _judges(box, TRIAL_S + 2), "nothing is on trial"
    box.start()
    assert not _judges(box, TRIAL_S - 2)
    assert _judges(box, TRIAL_S)
    assert box.start() == "openykt-edge-1"
    assert [(one.name, one.why) for one in box.standing.back] == [(two.name, Why.OVERDUE)]


def test_after_another_start_of_the_machine_nobody_knows_how_long_it_ran(box: Box) -> None:
    box.start()
    box.fetch(2)
    box.start()
    (box.place / BEGUN).write_text("another-boot 0\n")
    assert not _judges(box, TRIAL_S * 9)


def test_one_that_is_well_is_in_use_without_another_start(box: Box) -> None:
    box.start()
    two = box.fetch(2)
    box.start()
    box.says(two.name, well=True)
    assert not _judges(box, TRIAL_S * 9)
    assert (box.standing.current, box.standing.trial) == (two, None)
    assert [box.start() for _ in range(TRIES_MAX + 2)] == [two.name] * (TRIES_MAX + 2), (
        "it may be started as often as it likes"
    )


def test_the_archive_of_before_under_a_higher_number_is_a_way_back_without_unpacking(box: Box) -> None:
    archives: list[bytes] = []
    box.start()
    for number in (2, 3):
        one = box.fetch(number)
        archives.append((box.incoming / ARCHIVE).read_bytes())
        box.start()
        box.says(one.name, well=True)
    box.start()
    two = box.standing.former
    assert two is not None
    (box.incoming / WANTED).write_text(json.dumps(two._replace(number=4)._asdict()))
    (box.incoming / ARCHIVE).write_bytes(archives[0])
    assert box.start() == two.name
    assert not any(step.startswith("unpack") for step in box.steps)
    box.says(two.name, well=True)
    box.start()
    assert (box.standing.current.number, box.current) == (4, two.name)


@pytest.mark.parametrize(
    ("before", "seen", "age_s", "said"),
    [
        (Before(frozenset(), "b", 9), Seen(frozenset(), "b", 9), WELL_S - 1, None),
        (Before(frozenset(), "b", 9), Seen(frozenset(), "b", 9), WELL_S, ""),
        (Before(frozenset({"can0"}), "b", 9), Seen(frozenset(), "b", 9), BOUND_S - 1, None),
        (Before(frozenset({"can0"}), "b", 9), Seen(frozenset(), "b", 9), BOUND_S, "can0"),
        (Before(frozenset({"can0"}), "b", 9), Seen(frozenset({"can0"}), "b", 9), BOUND_S, ""),
        (Before(frozenset(), "b", 9), Seen(frozenset({"can0"}), "b", 8), BOUND_S, "clock"),
        (Before(frozenset(), "b", 9), Seen(frozenset(), "another", 1), WELL_S, ""),
    ],
)  # fmt: skip
def test_a_box_is_well_when_its_buses_answer_as_before_and_its_clock_does_not_go_back(
    before: Before, seen: Seen, age_s: float, said: str | None
) -> None:
    assert Trial(before, 100.0).look(seen, 100.0 + age_s) == said


def test_the_folder_of_before_is_taken_under_no_number_that_is_not_proven(box: Box) -> None:
    """Or a box that lies could climb above every release to come."""
    box.start()
    two = box.fetch(2)
    raw = (box.incoming / ARCHIVE).read_bytes()
    box.start()
    box.says(two.name, well=True)
    box.start()
    three = box.fetch(3)
    box.start()
    box.says(three.name, well=True)
    box.start()
    (box.incoming / ARCHIVE).write_bytes(raw)
    box.proof = "not signed under 999"
    (box.incoming / WANTED).write_text(json.dumps(two._replace(number=999)._asdict()))
    assert box.start() == three.name
    assert (box.standing.current, box.standing.back[-1].why) == (three, Why.UNPROVEN)


def test_what_is_proven_is_the_very_copy_that_is_unpacked(box: Box) -> None:
    """The box owns what it has fetched, and may change it meanwhile."""
    box.start()
    box.fetch(2)
    proven: list[bytes] = []

    def prove(copy: Path, _: Offered) -> str:
        proven.append(copy.read_bytes())
        (box.incoming / ARCHIVE).write_bytes(b"another one")
        return ""

    raw = (box.incoming / ARCHIVE).read_bytes()
    Starting(Folders(box.place, box.shipped), box.incoming, prove, MACHINE).step(NOW_S)
    assert (proven, box.current) == ([raw], "openykt-edge-2")


def test_what_was_not_even_tried_may_come_again(box: Box) -> None:
    box.start()
    two = box.fetch(2)
    raw = (box.incoming / ARCHIVE).read_bytes()
    box.proof = "the chain had not come yet"
    assert box.start() == "openykt-edge-1"
    box.proof = ""
    (box.incoming / ARCHIVE).write_bytes(raw)
    (box.incoming / WANTED).write_text(json.dumps(two._asdict()))
    assert box.start() == two.name


def test_standing_survives_its_file() -> None:
    back = tuple(Back(f"n{n}", n, f"d{n}", Why.STARTS, "三", NOW_S) for n in range(3))
    one = Standing(Offered("a", 1, "aa"), Offered("b", 0, ""), Offered("c", 2, "cc"), 2, back)
    assert decode(encode(one)) == one


def test_no_more_are_remembered_than_a_file_should_hold() -> None:
    one = Standing(Offered("a", 1, "aa"))
    for n in range(40):
        one = one.refused(Offered(f"n{n}", n, f"d{n}"), Why.FILES, "x" * 999, NOW_S)
    assert (len(one.back), len(one.back[0].said)) == (NAMED_MAX, 200)


def _upgrade(box: Box) -> None:
    two = box.fetch(2)
    box.start()
    box.says(two.name, well=True)
    box.start()


def _upgrade_that_fails(box: Box) -> None:
    box.fetch(2)
    for _ in range(TRIES_MAX + 1):
        box.start()


@pytest.mark.parametrize(("what", "end"), [(_upgrade, "openykt-edge-2"), (_upgrade_that_fails, "openykt-edge-1")])
def test_the_plug_may_be_pulled_before_any_step(tmp_path: Path, what: Callable[[Box], None], end: str) -> None:
    """Each time another step: whatever stands then starts a whole release, and the upgrade comes to its end."""
    pulls = 0
    for at in range(10_000):
        (tmp_path / str(at)).mkdir()
        box = Box(tmp_path / str(at))
        box.start()
        box.pull_at = at
        try:
            what(box)
        except PulledPlug:
            pulls += 1
        else:
            break
        box.pull_at = 10**9
        _require_something_whole(box)
        _finish(box, end)
        assert box.current == end, (at, box.standing)
    assert pulls > 10


def _require_something_whole(box: Box) -> None:
    if os.path.lexists(box.place / CURRENT):
        require_whole((box.place / CURRENT).resolve(), *MACHINE)


def _finish(box: Box, end: str) -> None:
    """Starts as systemd would; a box that is to be well says so whenever it is tried."""
    for _ in range(TRIES_MAX + 2):
        box.start()
        _require_something_whole(box)
        trial = box.standing.trial
        if trial is not None and end == trial.name:
            box.says(trial.name, well=True)


def test_a_folder_with_a_strange_file_is_not_whole(box: Box) -> None:
    (box.shipped / "lib/new.py").touch()
    with pytest.raises(NotTaken, match=r"lib/new\.py"):
        require_whole(box.shipped, *MACHINE)
