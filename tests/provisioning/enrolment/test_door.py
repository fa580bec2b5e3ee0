"""The enrolment door from outside: paths, sizes, rates; and what it says when the signer is away."""

import http.client
import ssl

import pytest

from cloud.fleet.enrol.bounds import FULL
from shared.wire.enrol.messages import ASK_MAX, PATH_CA, PATH_ENROL, PATH_TIME, State, Why, answer_of, time_ask, time_of
from tests.patience import PATIENCE_S
from tests.provisioning.enrolment.conftest import until

pytestmark = pytest.mark.process


def call(rig, method: str, path: str, body: bytes = b"", sender: str = "127.0.0.1") -> tuple[int, bytes]:
    context = ssl.create_default_context(cafile=rig.data / "ca.pem")
    asked = http.client.HTTPSConnection("127.0.0.1", rig.places.server, timeout=PATIENCE_S, context=context,
                                         source_address=(sender, 0))  # fmt: skip
    try:
        asked.request(method, path, body)
        answer = asked.getresponse()
        return answer.status, answer.read()
    finally:
        asked.close()


def test_its_paths_and_sizes(rig) -> None:
    assert call(rig, "GET", PATH_CA) == (200, (rig.data / "ca.pem").read_bytes())
    status, raw = call(rig, "POST", PATH_TIME, time_ask(bytes(16)))
    assert (status, time_of(answer_of(raw), bytes(16)) > 0) == (200, True)
    assert call(rig, "POST", PATH_TIME, b"x")[0] == 400
    assert [call(rig, *words)[0] for words in (("GET", PATH_ENROL), ("POST", "/v1/ca"), ("POST", "/v2"))] == [404] * 3
    assert call(rig, "POST", PATH_ENROL, bytes(ASK_MAX + 1))[0] == 413
    answer = answer_of(call(rig, "POST", PATH_ENROL, b"no question")[1])
    assert (answer.state, answer.why) == (State.REFUSED, Why.MALFORMED)


def test_without_the_signer_it_says_later_and_tells_the_time(rig) -> None:
    rig.signer.kill()
    try:
        assert call(rig, "GET", PATH_CA)[0] == 503
        assert call(rig, "POST", PATH_TIME, time_ask(bytes(16)))[0] == 200
    finally:
        rig.signer.start()
    until(lambda: call(rig, "GET", PATH_CA)[0] == 200)


def test_who_asks_too_often_is_told_to_wait(rig) -> None:
    found = [call(rig, "POST", PATH_TIME, time_ask(bytes(16)), "127.0.0.2")[0] for _ in range(int(FULL) + 10)]
    assert (found[0], found[-1]) == (200, 429)
    assert call(rig, "GET", PATH_CA)[0] == 200, "another sender notices nothing"
