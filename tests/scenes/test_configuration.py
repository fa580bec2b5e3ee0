"""A wrong key in any settings file: the part does not start, exit code 2, and the key is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.scenes.plans import run

pytestmark = pytest.mark.process

EDGE = ("edge", "run", "--box", "canteen", "--broker", "127.0.0.1:9", "--tcp-port", "0")
TERMINAL = ("edge.terminal", "run", "--name", "pos-1", "--tcp", "127.0.0.1:9")
INGEST = ("cloud", "ingest", "--keys", "/nowhere", "--broker", "127.0.0.1:9")
FILES = {
    "edge": ("boxes/canteen/edge.json", EDGE),
    "terminal": ("terminals/pos-1/terminal.json", TERMINAL),
    "cloud": ("cloud/cloud.json", INGEST),
}
CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    "edge: misspelt": ("outbx", {"outbx": {}}),
    "edge: misspelt inside": ("outbox.unsetled_max", {"outbox": {"unsetled_max": 5}}),
    "edge: wrong type": ("partition", {"partition": "7"}),
    "terminal: misspelt": ("merchnt", {"merchnt": "一楼"}),
    "terminal: out of bounds": ("ring_slots", {"ring_slots": 1 << 20}),
    "terminal: missing": ("device", {"device": None}),
    "cloud: misspelt": ("ack_key_fil", {"ack_key_fil": "ack.key"}),
    "cloud: misspelt inside": ("versoin", {"mqtt": {"versoin": 5}}),
    "cloud: forbidden": ("share", {"mqtt": {"share": "group"}}),
}


@pytest.mark.parametrize("case", CHANGES)
def test_wrong_key_ends_the_start_and_is_named(room: Path, case: str) -> None:
    named, change = CHANGES[case]
    name, (module, verb, *words) = FILES[case.partition(":")[0]]
    file = room / "campus" / name
    raw = {**json.loads(file.read_text()), **change}
    file.write_text(json.dumps({key: value for key, value in raw.items() if value is not None}))
    done = run(module, verb, "--data", room / "campus", *words)
    assert done.returncode == 2, done.stdout + done.stderr
    assert named in done.stderr, done.stderr
    assert "Traceback" not in done.stderr
    assert "READY" not in done.stdout
