"""Verbs of ceremony, seals, transport, PSAMs, operators, rotation: killed at each touch of the disk, or on a full one.

Asked for again with the same words each comes to its end, or says that it was done already; nothing is made twice,
nothing is lost, the custody log is whole, no secret lies open.
"""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from provisioning.certificates.authority import fingerprint
from provisioning.custody import chain as custody_chain
from provisioning.custody.files import open_level, open_with, unlock_of
from provisioning.custody.journal import read_journal
from provisioning.issue.campus_facts import read_campus
from provisioning.issue.files import LeaseFolder
from provisioning.keys.components import new_component, sheet
from provisioning.keys.levels import MASTERS, school_of
from provisioning.keys.store import CARD_LEVELS, Level
from provisioning.psam.register import Register
from shared.purse.cos.images import decode_psam_image
from shared.records.slot_file import choose
from tests.provisioning.breaking import CRASHED, full_at, killed_at, touches
from tests.provisioning.conftest import demo_with_hotlist
from tests.provisioning.desk import WHO, ok, provision

MEMORY = Path("/dev/shm")  # a disk without waiting
OFFICERS = ("李", "赵")
SECRET = re.compile(rb"[0-9A-F]{32}")


class Scene(NamedTuple):
    """prepare(room) brings DATA, room/d, to where words(room) are said; after(room) is what must hold at the end.

    done: what the verb may say, instead of doing it, when it had been done and only the answer was lost.
    """

    prepare: Callable[[Path], object]
    words: Callable[[Path], list[object]]
    after: Callable[[Path], object]
    done: str = "never"
    stride: int = 1
    """Every so-many-th touch: a card is written by some fifty like each other."""


@pytest.fixture(autouse=True)
def cheap_scrypt(monkeypatch):
    monkeypatch.setattr("provisioning.keys.store._SCRYPT_N", 1 << 4)


def data(room: Path) -> tuple[object, ...]:
    return ("--data", room / "d")


def keep(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


# --- the ceremony


def until(last: str) -> Callable[[Path], None]:
    """A ceremony whose next step is `last`."""

    def prepare(room: Path) -> None:
        for name in OFFICERS:
            keep(room / f"{name}.words", f"passphrase of {name}")
            keep(room / f"{name}.sheet", sheet([new_component(kind, os.urandom) for kind in MASTERS]))
        steps = {"begin": begin, "enter": enter, "second": second, "join": join, "derive": derive, "close": close}
        for name, words in steps.items():
            if name == last:
                return
            ok(*words(room))

    return prepare


def begin(room: Path) -> list[object]:
    officers = [word for name in OFFICERS for word in ("--officer", name)]
    return ["ceremony", "begin", *data(room), *WHO, "--campus", 1, *officers]


def enter(room: Path, name: str = OFFICERS[0]) -> list[object]:
    words = ("--officer", name, "--sheet", room / f"{name}.sheet", "--officer-passphrase-file", room / f"{name}.words")
    return ["ceremony", "enter", *data(room), *words]


def second(room: Path) -> list[object]:
    return enter(room, OFFICERS[1])


def join(room: Path) -> list[object]:
    words = [word for name in OFFICERS for word in ("--officer-passphrase", f"{name}={room / name}.words")]
    return ["ceremony", "join", *data(room), *words]


def derive(room: Path) -> list[object]:
    return ["ceremony", "derive", *data(room)]


def close(room: Path) -> list[object]:
    return ["ceremony", "close", *data(room), *WHO]


def phase(text: str) -> Callable[[Path], None]:
    def after(room: Path) -> None:
        assert text in ok("ceremony", "status", *data(room))
        assert not SECRET.search(b"".join(path.read_bytes() for path in room.glob("d/**/*.journal")))

    return after


def all_derived(room: Path) -> None:
    phase("close")(room)
    school = open_level(room / "d", Level.SCHOOL)
    assert school == school_of(open_level(room / "d", Level.REGION), 1)
    assert not list(room.glob("d/**/component-*"))


def aborted(room: Path) -> None:
    phase("已中止")(room)
    assert not list(room.glob("d/**/component-*"))


# --- on a campus


def campus_of(room: Path) -> None:
    """room/d is a copy of the session's campus already."""
    assert (room / "d/keys/school.keys").exists()


def seal(room: Path) -> list[object]:
    officers = [word for name in ("李", "赵", "钱") for word in ("--officer", f"{name}={room / name}.share")]
    return ["seal", *data(room), *WHO, *officers]


def all_sealed(room: Path) -> None:
    opens = unlock_of(room / "d", None, [room / "李.share", room / "钱.share"])
    assert {open_with(room / "d", level, opens).level for level in CARD_LEVELS} == set(CARD_LEVELS)
    assert not (room / "d/keys/unlock").exists()


def export(room: Path) -> list[object]:
    officers = ("--officer-a", room / "a", "--officer-b", room / "b")
    return ["transport", "export", *data(room), *WHO, "--level", "region", "--cards", room / "cards", *officers]


def two_passphrases(room: Path) -> None:
    for name in "ab":
        keep(room / name, f"passphrase of {name}")


def takes_in(room: Path) -> None:
    words = ["--data", room / "other", *export(room)[4:]]
    ok("transport", "import", *words)
    assert open_level(room / "other", Level.REGION) == open_level(room / "d", Level.REGION)


def make(room: Path) -> list[object]:
    return ["psam", "make", *data(room), *WHO, "--count", 3, "--out", room / "psams"]


def every_psam_has_its_body(room: Path) -> None:
    """What the register has beyond the campus's own is in a body, and no body is beside the register."""
    own = len(read_campus(room / "d").inventory.psams)
    register = Register.of_rows(1, read_journal(room / "d/keys/psam.journal"))
    made = register.entries[own:]
    bodies = {path.stem: path for path in (room / "psams").glob("*.psam")}
    assert {entry.psam.hex() for entry in made} == set(bodies)
    assert len(made) >= 3
    given = [entry.number for entry in register.entries]
    assert given == sorted(set(given))
    assert given[own:] == list(range(given[own - 1] + 1, given[own - 1] + len(made) + 1))
    for name, path in bodies.items():
        image = decode_psam_image(choose(path.read_bytes()).body)
        assert image.psam_id.hex() == name


def receive(room: Path) -> list[object]:
    return ["stock", "receive", *data(room), *WHO, "--first", 1, "--count", 12, "--virtual"]


def every_blank_has_its_body(room: Path) -> None:
    assert "入库 12" in ok("stock", "sheet", *data(room))
    assert len(list((room / "d/production/blanks").glob("*.card"))) == 12


def order(room: Path) -> None:
    ok(*receive(room))
    rows = [{"label": f"n{n}", "name": f"学生{n}", "class": f"{n % 2}班"} for n in range(1, 5)]
    (room / "o.json").write_text(json.dumps({"batch": "o", "cards": rows}))


def start(room: Path) -> list[object]:
    return ["batch", "start", *data(room), *WHO, "--order", room / "o.json"]


def lease(room: Path) -> list[object]:
    return ["batch", "lease", *data(room), *WHO, "--batch", "o", "--machine", "m"]


def work(room: Path) -> list[object]:
    return ["batch", "work", *data(room), "--machine", "m"]


def give_back(room: Path) -> list[object]:
    return ["batch", "return", *data(room), *WHO, "--machine", "m"]


def publish(room: Path) -> list[object]:
    return ["batch", "inventory", *data(room), *WHO]


def batch_until(*steps: Callable[[Path], list[object]]) -> Callable[[Path], None]:
    def prepare(room: Path) -> None:
        order(room)
        for step in steps:
            ok(*step(room))

    return prepare


def batch_comes_to_its_end(room: Path) -> None:
    """Whatever is still to be done of the batch is done; then every line has one card and the stock is right."""
    for step in (start, lease, work, give_back):
        provision(*step(room))
    ok(*publish(room))
    leases = sorted((room / "d/production/leases").iterdir())
    runs = [LeaseFolder(path).run() for path in leases]
    made = [one for run in runs for one in run.done]
    assert sorted(one.line for one in made) == [1, 2, 3, 4]
    used = [one for run in runs for one in run.attempts]
    assert len({one.blank for one in used}) == len({one.number for one in used}) == len(used)
    spoiled = sum(len(run.spoiled) for run in runs)
    assert f"已发 4 + 报废 {spoiled} + 在库 {8 - spoiled}" in ok("stock", "sheet", *data(room))
    labels = [row.label for row in read_campus(room / "d").inventory.cards]
    assert sorted(labels[-4:]) == ["n1", "n2", "n3", "n4"]
    assert len(set(labels)) == len(labels)
    ok("card", "activate", *data(room), *WHO, "--label", "n2")


def next_version(room: Path) -> None:
    until("end")(room)
    for path in sorted(chip.parent for chip in room.glob("d/terminals/*/psam.bin")):
        device = json.loads((path / "terminal.json").read_text())["device"]
        psam = next(row.psam for row in read_campus(room / "d").inventory.psams if row.device.hex() == device)
        ok("psam", "renew", *data(room), *WHO, "--psam", psam.hex(), "--file", path / "psam.bin")


def issue(room: Path) -> list[object]:
    return ["rotate", "issue", *data(room), *WHO, "--version", 2]


def both_versions(room: Path) -> None:
    told = ok("rotate", "status", *data(room))
    assert "1（等旧卡到期）" in told
    assert "2（发卡用）" in told


def operator(room: Path) -> list[object]:
    return ["operator", *data(room), *WHO, "--label", "主管09"]


def withdraw(room: Path) -> list[object]:
    return [*operator(room), "--withdraw"]


def every_counter_knows(*, is_known: bool) -> Callable[[Path], None]:
    def after(room: Path) -> None:
        rows = json.loads((room / "d/operators/index.json").read_text())
        assert len({row["card"] for row in rows.values()}) == len(rows)
        assert "making" not in rows["主管09"]
        assert (room / "d/operators" / rows["主管09"]["file"]).exists()
        counters = [path for path in room.glob("d/terminals/*/terminal.json") if '"pos"' in path.read_text()]
        assert counters
        for path in counters:
            assert (rows["主管09"]["card"] in json.loads(path.read_text()).get("operators", [])) is is_known

    return after


def new_plan(room: Path) -> None:
    """own() leaves out what the issuing office does not need; a plan reaches it, too."""
    made = demo_with_hotlist()
    made["boxes"].append({
        "box": "canteen-2", "name": "第二食堂", "links": [{"name": "tcp", "kind": "tcp"}],
        "terminals": [{"name": "pos-31", "kind": "pos", "link": "tcp", "merchant": "二食堂", "place": "1号"}],
    })  # fmt: skip
    line = made["boxes"][0]
    line["terminals"] = [one | {"address": 30} if one["name"] == "pos-02" else one for one in line["terminals"][1:]]
    line["terminals"].append(
        {"name": "pos-32", "kind": "pos", "link": "tcp", "merchant": "一楼大伙", "place": "32号"}
    )
    made["cards"].append({"label": "x001", "opening_fen": 500})
    (room / "p.json").write_text(json.dumps(made))


def extend(room: Path) -> list[object]:
    return ["plan", "apply", room / "p.json", *data(room), *WHO]


def the_campus_is_as_planned(room: Path) -> None:
    """Whole, once: what the second run says is that there is nothing to do."""
    assert ok(*extend(room)).endswith("校园已如计划\n")
    made = read_campus(room / "d").inventory
    assert [row.label for row in made.cards[40:]] == ["x001"]
    assert [row.name for row in made.devices[-2:]] == ["pos-31", "pos-32"]
    assert made.boxes[-1].certificate == fingerprint((room / "d/boxes/canteen-2/box.pem").read_bytes())
    register = Register.of_rows(1, read_journal(room / "d/keys/psam.journal"))
    for row in made.devices[-2:]:
        told = json.loads((room / f"d/terminals/{row.name}/terminal.json").read_text())
        served = json.loads((room / f"d/boxes/{row.box}/edge.json").read_text())["terminals"]
        assert [one["key"] for one in served if one["name"] == row.name] == [told["key"]]
        chip = decode_psam_image(choose((room / f"d/terminals/{row.name}/psam.bin").read_bytes()).body)
        assert chip.psam_id == register.in_body(row.device)
        believed = (room / f"d/boxes/{row.box}/link-believed.pem").read_bytes()
        assert (room / f"d/terminals/{row.name}/link.pem").read_bytes() in believed
    assert json.loads((room / "d/retired.json").read_text()) == ["pos-01"]
    assert json.loads((room / "d/terminals/pos-02/terminal.json").read_text())["address"] == 30


SCENES = {
    "plan apply": Scene(new_plan, extend, the_campus_is_as_planned),
    "begin": Scene(until("begin"), begin, phase("分别录入"), "已有未结束的仪式"),
    "enter": Scene(until("enter"), enter, phase("赵"), "已录入过"),
    "second": Scene(until("second"), second, phase("join"), "已录入过"),
    "join": Scene(until("join"), join, phase("derive"), "此步未到"),
    "derive": Scene(until("derive"), derive, all_derived, "此步未到"),
    "close": Scene(until("close"), close, phase("已结束"), "没有进行中的仪式"),
    "abort": Scene(
        until("join"), lambda room: ["ceremony", "abort", *data(room), *WHO, "--reason", "x"], aborted, "没有进行中的"
    ),
    "seal": Scene(campus_of, seal, all_sealed),
    "export": Scene(two_passphrases, export, takes_in, "已有母卡"),
    "psam make": Scene(campus_of, make, every_psam_has_its_body),
    "receive": Scene(campus_of, receive, every_blank_has_its_body, "已入过库"),
    "batch start": Scene(order, start, batch_comes_to_its_end),
    "batch lease": Scene(batch_until(start), lease, batch_comes_to_its_end, "先交回"),
    "batch work": Scene(batch_until(start, lease), work, batch_comes_to_its_end, stride=7),
    "batch return": Scene(batch_until(start, lease, work), give_back, batch_comes_to_its_end, "没有任务段"),
    "inventory": Scene(batch_until(start, lease, work, give_back), publish, batch_comes_to_its_end),
    "operator": Scene(campus_of, operator, every_counter_knows(is_known=True), "已有此卡"),
    "withdraw": Scene(lambda room: ok(*operator(room)), withdraw, every_counter_knows(is_known=False)),
    "rotate issue": Scene(next_version, issue, both_versions),
}
CEREMONY = ("begin", "enter", "second", "join", "derive", "close", "abort")


@pytest.fixture(params=SCENES)
def played(request, own, campus, whole):
    """A room in which the scene is about to happen, and the scene. In memory: syncing a thousand times is no test."""
    scene = SCENES[request.param]
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None, prefix="ykt-killed-") as folder:
        room = Path(folder) / "room"
        room.mkdir()
        if request.param not in CEREMONY:
            shutil.copytree(campus.data if request.param == "plan apply" else own, room / "d")
        scene.prepare(room)
        yield room, scene, touches(scene.stride, whole=whole, name=request.param)


def each_time(room: Path, scene: Scene, at: Iterator[int], broken: Callable[..., object]):
    """The room as it was, broken at each of these touches, until the verb comes to its end by itself."""
    for touch in at:
        here = room.with_name(str(touch))
        shutil.copytree(room, here)
        ended = broken(touch, *scene.words(here))
        yield here, ended
        shutil.rmtree(here)


def again(here: Path, scene: Scene) -> None:
    done = provision(*scene.words(here))
    assert done.returncode == 0 or (done.returncode == 2 and scene.done in done.stderr), done
    scene.after(here)
    log = here / "d/keys/custody.log"
    if log.exists():
        assert custody_chain.faults(log.read_bytes()) == []
        assert provision("custody", "verify", *data(here)).returncode == 0


def test_killed_at_every_touch_of_the_disk_and_asked_for_again(played) -> None:
    room, scene, at = played
    count = 0
    for here, ended in each_time(room, scene, at, killed_at):
        assert ended.is_killed or ended.code == 0, ended
        again(here, scene)
        if not ended.is_killed:
            break
        count += 1
    assert count, "it was never killed"


def test_a_full_disk_is_said_and_asked_for_again(played) -> None:
    room, scene, at = played
    count = 0
    for here, ended in each_time(room, scene, at, full_at):
        if ended.code == 0:
            break
        assert ended.code != CRASHED, ended.said
        assert ended.code in (1, 2), ended
        assert "磁盘已满" in ended.said, ended
        count += 1
        again(here, scene)
    assert count, "the disk was never full"
