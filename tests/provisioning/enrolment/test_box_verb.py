"""`cloud box` as a person types it, over a real signer, door and broker."""

import json
import subprocess
import sys
import threading

import pytest

from shared.wire.enrol.words import words_of
from tests.patience import PATIENCE_S
from tests.provisioning.enrolment.conftest import ROOT, edge, until

pytestmark = pytest.mark.process


def box(rig, *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "cloud", "box", *map(str, words), "--data", rig.data, "--who", "王老师"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_S)


def test_a_box_is_added_comes_in_and_is_revoked_by_its_name(rig, tmp_path) -> None:
    rig.wait_proved()
    made = box(rig, "add", "bus-1", "--qr", tmp_path / "qr.svg")
    assert (made.returncode, made.stderr) == (0, "")
    qr = made.stdout.split("edge enrol '")[1].split("'")[0]
    assert (tmp_path / "qr.svg").read_text().startswith("<svg")
    assert edge("enrol", qr, "--data", tmp_path / "b").returncode == 0
    assert "已入网" in box(rig, "list").stdout
    gone = box(rig, "revoke", "bus-1", "--reason", "被盗")
    assert (gone.returncode, "会话已断开" in gone.stdout) == (0, True), gone
    assert "已吊销" in box(rig, "list").stdout
    assert box(rig, "status").returncode == 0


def test_words_are_typed_by_who_approves_and_other_words_approve_nothing(rig, tmp_path) -> None:
    code = json.loads(box(rig, "add", "bus-1", "--json").stdout)["code"]
    found = []
    asking = threading.Thread(
        target=lambda: found.append(edge("enrol", code, "--server", rig.server, "--data", tmp_path / "b"))
    )
    asking.start()
    key = until(lambda: rig.row("bus-1").key)
    wrong = box(rig, "approve", "bus-1", "--words", "山 河 湖 海")
    assert (wrong.returncode, rig.row("bus-1").step) == (2, "waiting")
    assert box(rig, "approve", "bus-1", "--words", words_of(key).en.upper()).returncode == 0
    asking.join()
    assert found[0].returncode == 0


def test_without_a_signer_it_says_so(campus) -> None:
    command = [sys.executable, "-P", "-m", "cloud", "box", "--data", campus.data]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 2
    assert "签发进程" in done.stderr
