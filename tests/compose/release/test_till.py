"""A till's package as dpkg lays it out: its unit closed, its settings whole; and the image's recipe that refuses."""

import subprocess
from pathlib import Path

import pytest

from compose.place import ROOT
from compose.release import box, debian, image
from compose.release.wheel import NotBuilt

DATED_S = 1_790_000_000
TERMS = box.Terms("0.1.0+test", "x86_64", "c0ffee", DATED_S, box.TILL)
EXPOSURE_MAX = "25"
"""Of systemd's hundred: less is safer."""


@pytest.fixture(scope="module")
def deb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a release that is only its launcher: what else is in one, the box's test sees."""
    found = tmp_path_factory.mktemp("till")
    (found / TERMS.name / "bin").mkdir(parents=True)
    (found / TERMS.name / "bin/openykt").write_text(box.launcher(box.TILL), encoding="utf-8")
    return debian.package(found / TERMS.name, found, TERMS)


@pytest.fixture(scope="module")
def laid_out(deb: Path) -> Path:
    root = deb.parent / "root"
    subprocess.run(("dpkg-deb", "-x", deb, root), check=True)
    return root


def test_what_dpkg_lays_out_is_a_till(deb: Path, laid_out: Path) -> None:
    assert deb.name == "openykt-till_0.1.0+test_amd64.deb"
    release = laid_out / "opt/openykt/releases" / TERMS.name
    assert (release / "bin/openykt").stat().st_mode & 0o111
    assert "/usr/lib/python3/dist-packages" in (release / "bin/openykt").read_text(), "Pillow and pyscard are Debian's"


def test_its_unit_is_as_closed_as_a_boxs(laid_out: Path) -> None:
    unit = laid_out / "usr/lib/systemd/system/openykt-till.service"
    command = ("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", unit)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-400:] + done.stderr
    assert "WatchdogSec=" in unit.read_text()


def test_its_settings_name_each_option_that_its_unit_gives(laid_out: Path) -> None:
    unit = (laid_out / "usr/lib/systemd/system/openykt-till.service").read_text()
    settings = (laid_out / "etc/openykt/till.conf").read_text()
    names = {line.partition("=")[0] for line in settings.splitlines() if line and not line.startswith("#")}
    assert names == {"NAME", "LINK", "CAN_BITRATE", "READER", "PSAM_READER", "KEYPAD", "SCREEN", "BEEPER"}
    assert all(f"${{{name}}}" in unit or f"${name}" in unit for name in names - {"CAN_BITRATE"})
    assert "restart-ms" not in "".join(
        line for line in (laid_out / "usr/lib/systemd/system/openykt-till-can.service").read_text().splitlines()
        if not line.startswith("#")
    )  # fmt: skip


def test_an_image_of_what_is_not_ours_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other_1_amd64.deb").touch()
    for name in ("other_1_amd64.deb", "openykt-till_1_amd64.deb"):
        assert image.main(["--deb", str(tmp_path / name), "--out", str(tmp_path)]) == 2
        assert name in capsys.readouterr().err


def test_a_tool_that_refuses_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotBuilt):
        image.bootstrap(image.Wish(tmp_path / "openykt-till_1_amd64.deb", "x86_64", tmp_path), Path("/dev/null/tree"))


def test_what_a_unit_writes_is_on_the_data_partition_of_an_image() -> None:
    """The root is read-only: a box whose releases had no place there could take none."""
    lines = (image.TEMPLATES / "fstab").read_text().splitlines()
    fields = [line.split() for line in lines if line.startswith("/data/")]
    bound = {row[1]: row[0].removeprefix("/data/") for row in fields}
    assert set(bound.values()) == set(image.DATA_DIRS)
    units = [*(ROOT / "compose/templates/box").glob("*.service"), *(ROOT / "compose/templates/till").glob("*.service")]
    needed = {
        word for unit in units for line in unit.read_text().splitlines()
        if line.startswith("RequiresMountsFor=") for word in line.partition("=")[2].split()
    }  # fmt: skip
    assert needed
    assert needed <= bound.keys()


def test_an_image_waits_for_a_slow_card_and_never_ends_in_a_shell_that_nobody_sees() -> None:
    fields = [line.split() for line in (image.TEMPLATES / "fstab").read_text().splitlines()]
    (options,) = (one[3] for one in fields if one[:2] == ["LABEL=ykt-data", "/data"])
    assert "x-systemd.device-timeout=5min" in options.split(",")
    assert image.PLACES.keys() == {file.name for file in image.TEMPLATES.iterdir()}
    assert "reboot" in (image.TEMPLATES / "again.conf").read_text(encoding="utf-8").splitlines()[-1]
