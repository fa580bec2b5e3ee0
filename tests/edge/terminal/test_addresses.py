"""Two terminals without an address on a simulated bus, and a box that is killed: all real processes."""

import json
import subprocess
import sys
import threading

import pytest

from shared.purse.cos.images import PsamMaster, new_psam_image
from shared.records.slot_file import render_initial
from tests.edge.campus_rig import ROOT, Cloud, EdgeProcess, edge_json, until
from tests.edge.rig import device, psam
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process
BUS = {"name": "can0", "kind": "can", "bitrate": 125_000}


class Till:
    """A terminal process; its folder has a settings file without an address."""

    def __init__(self, kit, school, data, number):
        self.name, self.data = f"t{number}", data
        self.folder = data / "terminals" / self.name
        self.folder.mkdir(parents=True)
        raw = {**kit.terminal_json, "name": self.name, "device": device(number).hex(), "link": BUS,
               "key": (bytes((number,)) * 16).hex()}  # fmt: skip
        del raw["address"]
        (self.folder / "terminal.json").write_text(json.dumps(raw), encoding="utf-8")
        image = new_psam_image(psam(number), {1: PsamMaster(school.purchase)})
        (self.folder / "psam.bin").write_bytes(render_initial(image))

    def start(self, channel, script):
        words = ("run", "--data", str(self.data), "--name", self.name, "--can", channel, "--script", str(script))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "edge.terminal", *words, "--end-with-stdin"], cwd=ROOT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.status = {}
        self._reading = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reading.start()

    def stop(self):
        self.process.stdin.close()
        assert self.process.wait(PATIENCE_S) == 0
        self._reading.join()
        self.process.stdout.close()

    @property
    def address(self):
        file = self.folder / "address.bin"
        return file.read_bytes()[0] if file.exists() else 0

    def _read(self, process):
        for line in process.stdout:
            if line.startswith("STATUS "):
                self.status = json.loads(line[7:])


@pytest.fixture
def channel(tmp_path):
    words = ("edge.link.sim.can_daemon", "--socket", str(tmp_path / "can"), "--end-with-stdin")
    bus = subprocess.Popen([sys.executable, "-m", *words], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert bus.stdout.readline().startswith(b"READY")
    yield f"simbus:{tmp_path / 'can'}"
    bus.stdin.close()
    bus.wait(30)
    bus.stdout.close()


def cards(school, data):
    (data / "cards").mkdir()
    index = {}
    for n in (1, 2, 3, 4):
        (data / "cards" / f"{n}.card").write_bytes(render_initial(school.memory(n, 20_000).image))
        index[f"{n:04d}"] = {"file": f"{n}.card", "card": (b"\x53\x03" + n.to_bytes(8, "big")).hex()}
    (data / "cards" / "index.json").write_text(json.dumps(index), encoding="utf-8")


def sale(data, card):
    script = data / f"{card}.jsonl"
    script.write_text(json.dumps({"card": card, "amount_fen": 500}) + "\n", encoding="utf-8")
    return script


def test_they_join_and_sell_and_keep_their_addresses_whoever_is_killed(kit, school, tmp_path, broker, channel):
    cards(school, tmp_path)
    given = edge_json(2, links=[BUS, {"name": "tcp", "kind": "tcp"}])
    for row in given["terminals"]:
        row["link"] = "can0"
        del row["address"]
    cloud = Cloud(broker.port)
    edge = EdgeProcess(tmp_path, broker.port, given, ("--can", f"can0={channel}"))
    tills = [Till(kit, school, tmp_path, number) for number in (1, 2)]
    edge.start()
    try:
        for n, till in enumerate(tills, 1):
            till.start(channel, sale(tmp_path, f"{n:04d}"))
        until(lambda: len(cloud.ledger.stored) == 2, "both have sold")
        before = [till.address for till in tills]
        assert sorted(before) == [1, 2]
        edge.kill()
        edge.start()
        until(lambda: edge.status["joined"] == 2, "both are back")
        for n, till in enumerate(tills, 3):
            till.stop()
            till.start(channel, sale(tmp_path, f"{n:04d}"))
        until(lambda: len(cloud.ledger.stored) == 4, "both have sold again")
        assert edge.status["counters"].get("claims", 0) == 0, "nobody has to claim twice"
        for n, till in enumerate(tills):
            till.stop()
            (till.folder / "address.bin").unlink()
            till.start(channel, sale(tmp_path, f"{n + 1:04d}"))
        until(lambda: [till.address for till in tills] == before, "a new memory learns the same address")
    finally:
        for till in tills:
            till.stop()
        edge.stop()
        cloud.stop()
