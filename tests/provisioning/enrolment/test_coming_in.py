"""A box comes in by a code: from the real command at the box to a session at a real broker, and nobody else does."""

import threading

import pytest

from cloud.keys.faults import KeyRefused
from provisioning.enrolment.knock import DoorPlace, Heard, Knocker, knock
from shared.clocks.expiry import look
from shared.wire.enrol.words import words_of
from tests.provisioning.enrolment.conftest import edge, until

pytestmark = pytest.mark.process


def knocks(rig, folder, name: str) -> Heard:
    who = Knocker(folder / "ca.pem", folder / "box.pem", folder / "box.key")
    return knock(DoorPlace("127.0.0.1", rig.places.boxes), who, name)


def test_a_qr_is_enough_and_the_old_certificate_counts_no_more(rig, tmp_path) -> None:
    old = rig.data / "boxes/canteen-1"
    kept = tmp_path / "old"
    kept.mkdir()
    for name in ("ca.pem", "box.pem", "box.key"):
        (kept / name).write_bytes((old / name).read_bytes())
    rig.wait_proved()
    assert knocks(rig, kept, "canteen-1") is Heard.LET_IN
    with rig.office() as office:
        _, _, qr = office.add("canteen-1", 2, "王老师", approve=False)
    done = edge("enrol", qr, "--data", tmp_path / "box")
    assert (done.returncode, done.stderr) == (0, ""), done
    assert "canteen-1" in done.stdout
    own = tmp_path / "box/boxes/canteen-1"
    assert sorted(file.name for file in own.iterdir()) == [
        "box.key", "box.pem", "ca.pem", "edge.json", "link-believed.pem", "link.key", "link.pem", "place.json",
    ]  # fmt: skip
    assert (own / "edge.json").read_bytes() == (old / "edge.json").read_bytes()
    assert (own / "box.key").stat().st_mode & 0o777 == 0o600
    assert (old / "box.pem").read_bytes() == (own / "box.pem").read_bytes()
    assert not (old / "box.key").exists(), "the platform keeps no key of a box"
    assert knocks(rig, own, "canteen-1") is Heard.LET_IN
    until(lambda: knocks(rig, kept, "canteen-1") is Heard.REFUSED)
    again = edge("enrol", qr, "--data", tmp_path / "box")
    assert (again.returncode, rig.row("canteen-1").certificates) == (0, 2)
    thief = edge("enrol", qr, "--data", tmp_path / "thief")
    assert thief.returncode == 2
    assert "另一把密钥" in thief.stderr
    assert (rig.row("canteen-1").stolen, knocks(rig, own, "canteen-1")) == (1, Heard.LET_IN)


def test_a_typed_code_waits_for_a_person_who_compares_four_words(rig, tmp_path) -> None:
    with rig.office() as office:
        code, _, _ = office.add("bus-1", 2, "王老师", approve=False)
        with pytest.raises(KeyRefused):
            office.compared("bus-1", b"another key", "王老师", same=True)
    found = []
    asking = threading.Thread(
        target=lambda: found.append(edge("enrol", code.lower(), "--server", rig.server, "--data", tmp_path / "b"))
    )
    asking.start()
    waiting = until(lambda: rig.row("bus-1") if rig.row("bus-1").step == "waiting" else None)
    with rig.office() as office:
        office.compared("bus-1", waiting.key, "李老师", same=True)
    asking.join()
    assert found[0].returncode == 0, found
    assert words_of(waiting.key).zh in found[0].stdout
    assert look((tmp_path / "b/boxes/bus-1/box.pem").read_bytes()).name == "bus-1"


def test_a_door_of_another_ca_gets_nothing(rig, tmp_path, campus) -> None:
    """The pin in the QR names one CA; the code's secret never went over the wire."""
    with rig.office() as office:
        _, _, qr = office.add("bus-1", 2, "王老师", approve=False)
    head, _, pin = qr.rpartition("/")
    other = edge("enrol", f"{head}/{'A' * len(pin)}", "--data", tmp_path / "b")
    assert other.returncode == 1
    assert "CA" in other.stderr
    assert rig.row("bus-1").step == "open"


def test_wrong_codes_are_counted_and_end_the_code(rig, tmp_path) -> None:
    with rig.office() as office:
        code, _, _ = office.add("bus-1", 2, "王老师", approve=False)
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
    said = [edge("enrol", wrong, "--server", rig.server, "--data", tmp_path / f"{n}").returncode for n in range(2)]
    assert said == [2, 2]
    assert rig.row("bus-1").wrong == 2
