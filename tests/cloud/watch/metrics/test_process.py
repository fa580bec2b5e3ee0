"""The watch itself: what it reads reaches its page and a store on loopback; its store's being away stops no turn."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cloud.process.settings import FOLDER
from cloud.watch.metrics.settings import FILE
from compose.parts.standing import Standing
from tests.cloud.campus import Campus, part
from tests.cloud.process.test_health import ask
from tests.cloud.watch.metrics.stand import Stand, standing
from tests.patience import PATIENCE_S


def health_port(log: Path) -> int:
    found = re.search(r"^HEALTH 127\.0\.0\.1:(\d+)$", log.read_text(), re.MULTILINE)
    assert found
    return int(found[1])


def status(log: Path) -> dict[str, int]:
    lines = [line for line in log.read_text().splitlines() if line.startswith("STATUS ")]
    found: dict[str, int] = json.loads(lines[-1].removeprefix("STATUS ")) if lines else {}
    return found


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.process
def test_the_watch_writes_serves_and_goes_on(campus: Campus, tmp_path: Path) -> None:
    with standing() as stand:
        stand.status = 503
        file = campus.data / FOLDER / FILE
        file.write_text(f'url = "http://127.0.0.1:{stand.port}"', encoding="utf-8")
        file.chmod(0o600)
        with Standing(part("watch", "cloud", "watch", "--data", campus.data, "--health", 0), tmp_path) as watch:
            port = health_port(watch.log)
            assert ask(port, "/healthz") == ask(port, "/readyz") == (200, "ok\n")
            assert "ykt_ledger_away 0\n" in ask(port, "/metrics")[1]
            until(lambda: stand.requests)
            before = status(watch.log).get("turns", 0)
            until(lambda: status(watch.log).get("turns", 0) > before + 1)
            stand.status = 204
            until(lambda: status(watch.log).get("metrics_written", 0))
            assert is_whole(stand)


def is_whole(stand: Stand) -> bool:
    """The very first points were kept while the store was away."""
    return stand.requests[0].body in {request.body for request in stand.requests[1:]}
