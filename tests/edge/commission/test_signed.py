"""The signed sheet: measured by the real command, proved by the real office, worth nothing when it was changed."""

import contextlib
import json
import shutil
import subprocess
import sys
import threading

import can
import pytest

from edge.link.sim.can_load import bus_daemon
from shared.errors import WireFault
from shared.wire.enrol.sheet import open_sheet
from tests.edge.test_mqtt_tls import PLAN

pytestmark = pytest.mark.process


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("campus")
    box = {
        "name": "can0", "kind": "can", "bitrate": 125_000,
    }  # fmt: skip
    terminals = [
        {"name": f"till-{n}", "kind": "pos", "link": "can0", "address": n, "merchant": "一楼", "place": f"{n}号窗口"}
        for n in (1, 2)
    ]
    plan = PLAN | {"boxes": [{"box": "canteen-1", "name": "食堂", "links": [box], "terminals": terminals}]}
    (folder / "plan.json").write_text(json.dumps(plan))
    assert run("provisioning", "campus", "--data", folder / "d", "--plan", folder / "plan.json").returncode == 0
    return folder / "d"


@contextlib.contextmanager
def speaking(path):
    """A node with address 2 that says something, as often as the full bus lets it."""
    message = can.Message(arbitration_id=0x18DAF002, is_extended_id=True, data=b"\x01\x02")
    ends = threading.Event()
    with can.Bus(interface="simbus", channel=str(path), ignore_config=True, ignore_rx_error_frames=True) as bus:

        def say() -> None:
            while not ends.wait(0.05):
                with contextlib.suppress(can.CanOperationError):
                    bus.send(message)

        saying = threading.Thread(target=say)
        saying.start()
        try:
            yield
        finally:
            ends.set()
            saying.join()


@pytest.fixture(scope="module")
def sheet(data, tmp_path_factory):
    file = tmp_path_factory.mktemp("sheet") / "canteen-1.json"
    with bus_daemon(125_000) as path, speaking(path):
        done = run("edge", "commission", "--link", "can0", "--can", f"simbus:{path}", "--minutes", "0.03", "--ohms", 60,
                   "--sheet", file, "--who", "李工", "--data", data)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done
    return file


def test_it_says_what_was_measured_and_who_answered(data, sheet) -> None:
    content = open_sheet(sheet.read_bytes()).content
    assert content["terminals"] == {"answered": ["till-2"], "silent": ["till-1"], "not-asked": []}
    assert (content["box"], content["who"], content["clock"]["is_trusted"]) == ("canteen-1", "李工", True)
    assert content["lines"][0]["lines"]["ohms"] == "fit"
    assert content["disk"]["free_bytes"] > 0
    proved = run("provisioning", "sheet", "verify", sheet, "--data", data)
    assert (proved.returncode, proved.stderr) == (0, "")
    assert "till-1" in proved.stdout


def test_a_changed_sheet_another_campus_and_another_box_are_refused(data, sheet, tmp_path) -> None:
    raw = sheet.read_bytes()
    changed = raw.replace(b"till-1", b"till-3")
    with pytest.raises(WireFault):
        open_sheet(changed)
    whole = json.loads(raw)
    with pytest.raises(WireFault):
        open_sheet(json.dumps({"content": whole["content"]}).encode())
    other = tmp_path / "other"
    shutil.copytree(data, other)
    (other / "ca.pem").write_bytes((other / "cloud/watch.pem").read_bytes())
    assert run("provisioning", "sheet", "verify", sheet, "--data", other).returncode == 2


def test_without_the_boxs_key_nothing_is_measured(data, tmp_path) -> None:
    done = run("edge", "commission", "--link", "can0", "--sheet", tmp_path / "s", "--data", data)
    assert done.returncode == 2
    assert "--who" in done.stderr
