"""python -m cloud box-release: an archive that the officers signed is brought and rolled out; a box proves it, too."""

import io
import json
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.ledger.fleet.boxes.door import BoxLedger
from cloud.ledger.ledger import open_ledger
from cloud.process.settings import load_settings
from edge.__main__ import main as edge_main
from provisioning.custody.files import open_level
from provisioning.keys.firmware import new_key
from provisioning.keys.store import KeyStore, Level
from provisioning.keys.trust import with_target
from shared.fleet.box_release import target_of
from shared.ids import BoxId
from shared.keys.trust import Officers, encode_officers
from shared.wire.messages import ReleaseSaid, ReleaseStage
from tests.cloud.campus import Campus
from tests.cloud.commands.test_firmware import now
from tests.cloud.ledger.campus import BOX

WHO = ("--who", "王芳", "--reason", "新版")
MACHINE = "aarch64"


class Office:
    """The officers off line, somebody at the command line, and a box that answers."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str], school: KeyStore) -> None:
        self.data, self._capsys = data, capsys
        self._stores = school, KeyStore(Level.FIRMWARE, school.campus, (new_key(1, b"k" * 32),))
        self._officers: Officers | None = None

    def __call__(self, *words: object) -> tuple[int, str]:
        try:
            code = main(["box-release", *map(str, words), "--data", str(self.data)])
        except SystemExit as end:
            code = int(str(end.code))
        said = self._capsys.readouterr()
        return code, said.out + said.err

    def json(self, *words: object) -> dict:
        return json.loads(self(*words, "--json")[1])

    def signed(self, number: int, content: str = "", raw: bytes = b"") -> Path:
        """These bytes, and the officers' word beside them."""
        file = self.data.parent / f"openykt-edge-{number}.tar.gz"
        file.write_bytes(raw or _archive(number, content))
        path = target_of(MACHINE, number)
        self._officers = with_target(self._officers, path, file.read_bytes(), 0, self._stores)
        file.with_name(f"{file.name}.trust").write_bytes(encode_officers(self._officers))
        return file

    def says(self, stage: ReleaseStage, number: int, about: int, why: str = "", box: BoxId = BOX) -> int:
        said = ReleaseSaid(f"openykt-edge-{number}", number, MACHINE, about, stage, 0, why, "", bytes(16))
        with closing(open_ledger(str(self.data / "cloud" / "ledger.db"))) as ledger:
            return BoxLedger(ledger.opened).said(box, said, now()).number


def _archive(number: int, content: str) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as out:
        body = json.dumps({"machine": MACHINE, "python": "3.13", "files": {}, "content": content}).encode()
        member = tarfile.TarInfo(f"openykt-edge-{number}/MANIFEST.json")
        member.size = len(body)
        out.addfile(member, io.BytesIO(body))
    return raw.getvalue()


@pytest.fixture
def office(provisioned: Campus, early: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    return Office(early, capsys, open_level(provisioned.data, Level.SCHOOL))


def test_only_what_the_officers_stand_for_is_brought_in(office: Office) -> None:
    file = office.signed(2)
    code, said = office("release", file, "--who", "王芳")
    assert (code, said.startswith("网关发行 aarch64:2  openykt-edge-2  ")) == (0, True)
    assert office.json("release", file)["new"] is False
    changed = office.signed(3)
    changed.write_bytes(_archive(3, "changed"))
    code, said = office("release", changed)
    assert (code, "do not stand for these bytes" in said) == (1, True)
    junk = office.signed(4, raw=b"junk")
    assert office("release", junk)[0] == 1
    assert office("release", office.data / "none.tar.gz")[0] == 2
    assert [one["number"] for one in office.json("list")["releases"]] == [2]


def test_a_roll_out_is_told_box_by_box_taken_back_and_tried_again(office: Office) -> None:
    two = office.signed(2, "old")
    office("release", two)
    office("release", office.signed(3, "new"))
    assert office("roll-out", "9", "--all", *WHO)[0] == 2
    assert office("roll-out", "3", "--box", "nowhere", *WHO)[0] == 2
    code, said = office("roll-out", "aarch64:3", "--box", BOX, "--now", *WHO)
    assert (code, "升级 1  网关发行 aarch64:3" in said) == (0, True)
    assert office.says(ReleaseStage.NOTHING, 2, 0) == 3
    office.says(ReleaseStage.RETURNED, 2, 3, "unwell")
    code, said = office("status")
    assert (code, "自检不如从前" in said, "2 → 3" in said) == (1, True, True)
    assert office("retry", "1", *WHO)[0] == 2, "what went back is tried there no more"
    office("release", office.signed(4, "newer"))
    office("roll-out", "4", "--box", BOX, *WHO)
    office.says(ReleaseStage.IN_USE, 4, 4)
    assert (office.json("status")["phase"], office("status")[0]) == ("over", 0)
    assert office("roll-back", "2", *WHO)[0] == 2, "the officers have signed no way back"
    office("release", office.signed(5, raw=two.read_bytes()))
    code, said = office("roll-back", "2", *WHO)
    assert (code, "aarch64:5" in said, office.says(ReleaseStage.NOTHING, 4, 0)) == (0, True, 5)


def test_stop_and_resume(office: Office) -> None:
    office("release", office.signed(2))
    office("roll-out", "2", "--box", BOX, *WHO)
    assert office("stop", "1", *WHO)[0] == 0
    assert office.says(ReleaseStage.NOTHING, 1, 0) == 0
    assert office("resume", "1", *WHO)[0] == 0
    assert office.says(ReleaseStage.NOTHING, 1, 0) == 2
    assert office("resume", "1", *WHO)[0] == 2, "it goes on already"


def test_a_box_proves_an_archive_by_the_campus_that_it_knows(office: Office, tmp_path: Path) -> None:
    file, settings = office.signed(2), load_settings(office.data)
    campus = tmp_path / "campus.json"

    def proves(number: int, key: bytes = settings.campus_key) -> int:
        campus.write_text(json.dumps({"campus": settings.campus, "campus_key": key.hex()}))
        beside = str(file.with_name(f"{file.name}.trust"))
        words = ["prove", "--archive", str(file), "--trust", beside, "--campus", str(campus), "--number", str(number)]
        return edge_main(words)

    assert (proves(2), proves(3), proves(2, bytes(32))) == (0, 1, 1)
    file.write_bytes(_archive(2, "changed"))
    assert proves(2) == 1
    campus.write_text("{}")
    assert (
        edge_main(
            ["prove", *(w for n in ("archive", "trust", "campus") for w in (f"--{n}", str(campus))), "--number", "2"]
        )
        == 2
    )
