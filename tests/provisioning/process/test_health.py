"""The key process says how it is at a socket of its own, where nothing can be asked of it."""

import socket

import pytest

from cloud.keys.client import KeyClient, KeyProcessAway
from cloud.watch.metrics.heard.pages import Place, points_of
from tests.provisioning.running_keys import running

pytestmark = pytest.mark.process


def test_counts_and_times_are_told_and_no_operation_is_taken(campus) -> None:
    with running(campus.data, "--health-socket", "{}/health") as keys:
        health = keys.path.with_name("health")
        assert health.stat().st_mode & 0o777 == 0o600
        with KeyClient(keys.path) as client:
            assert client.masters()
        (point,) = points_of(Place("keys", health), 5)
        told = dict(point.values)
        assert (told["keys-asked"], told["keys-refused"]) == (1, 0)
        assert 0 < told["keys-p50"] <= told["keys-p99"] < 1
        for path, wanted in (("/healthz", b" 200 "), ("/readyz", b" 200 "), ("/keys", b" 404 ")):
            with socket.socket(socket.AF_UNIX) as caller:
                caller.connect(str(health))
                caller.sendall(b"GET %s HTTP/1.1\r\n\r\n" % path.encode())
                assert wanted in caller.recv(4096)
        with KeyClient(health, 1.0) as stranger, pytest.raises(KeyProcessAway):
            stranger.masters()
        assert keys.end() == 0
        assert not health.exists()
