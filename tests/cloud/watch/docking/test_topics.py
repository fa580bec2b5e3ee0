"""Topics both ways, and what a host says of itself."""

import pytest

from cloud.watch.docking.sparkplug.state import STATE_MAX, HostState, read_state, state_message
from cloud.watch.docking.sparkplug.topics import (
    ID_MAX,
    Source,
    StateTopic,
    Topic,
    Verb,
    read_topic,
    state_topic,
    topic_of,
)
from shared.errors import WireFault

NODE, DEVICE = Source("食堂", "box-1"), Source("食堂", "box-1", "pos 7")


@pytest.mark.tck(
    "topic-structure topic-structure-namespace-a topic-structure-namespace-device-id-associated-message-types"
    " topic-structure-namespace-device-id-non-associated-message-types topics-nbirth-topic topics-ndata-topic"
    " topics-ndeath-topic topics-ncmd-topic topics-dbirth-topic topics-ddata-topic topics-ddeath-topic"
    " topics-dcmd-topic intro-group-id-string intro-edge-node-id-string intro-device-id-string"
)
@pytest.mark.parametrize("verb", list(Verb))
def test_a_topic_there_and_back(verb: Verb) -> None:
    source = DEVICE if verb.is_of_device else NODE
    text = topic_of(verb, source)
    assert text == f"spBv1.0/食堂/{verb}/box-1" + ("/pos 7" if verb.is_of_device else "")
    assert read_topic(text) == Topic(verb, source)
    with pytest.raises(ValueError, match="topic"):
        topic_of(verb, NODE if verb.is_of_device else DEVICE)


@pytest.mark.tck(
    "topic-structure-namespace-valid-group-id topic-structure-namespace-valid-edge-node-id"
    " topic-structure-namespace-valid-device-id intro-group-id-chars intro-edge-node-id-chars intro-device-id-chars"
)
@pytest.mark.parametrize("wrong", ["", "a+", "#", "a/b", "\0", "a\n", "x" * (ID_MAX + 1), "\ud800"])
def test_an_id_has_no_sign_of_mqtt(wrong: str) -> None:
    for source in (Source(wrong, "n", "d"), Source("g", wrong, "d"), Source("g", "n", wrong)):
        with pytest.raises(ValueError, match="topic"):
            topic_of(Verb.DDATA, source)
    with pytest.raises(ValueError, match="host"):
        state_topic(wrong)


@pytest.mark.parametrize(
    "text",
    [
        "", "spBv1.0", "spBv1.0/g", "spBv1.0/g/NBIRTH", "spBv1.0/g/NBIRTH/n/d", "spBv1.0/g/DBIRTH/n", "spBv1.0/g/X/n",
        "spAv1.0/g/NBIRTH/n", "spBv1.0/g/NBIRTH/", "spBv1.0/g/nbirth/n", "spBv1.0/g/DDATA/n/d/e", "STATE/h",
        "spBv1.0/g/NBIRTH/" + "x" * 600,
    ],
)  # fmt: skip
def test_what_is_no_topic_is_refused(text: str) -> None:
    with pytest.raises(WireFault):
        read_topic(text)


@pytest.mark.tck(
    "host-topic-phid-birth-topic host-topic-phid-birth-qos host-topic-phid-birth-retain host-topic-phid-birth-payload"
    " host-topic-phid-death-topic host-topic-phid-death-qos host-topic-phid-death-retain host-topic-phid-death-payload"
    " message-flow-phid-sparkplug-state-publish-payload payloads-state-birth-payload"
)
@pytest.mark.parametrize("online", [True, False])
def test_a_state_there_and_back(online: bool) -> None:
    said = state_message("ykt", HostState(online, 1_764_300_000_000))
    assert said[0::2] == ("spBv1.0/STATE/ykt", 1)
    assert said.is_retained
    assert read_topic(said.topic) == StateTopic("ykt")
    assert said.payload == b'{"online": %s, "timestamp": 1764300000000}' % str(online).lower().encode()
    assert read_state(said.payload) == HostState(online, 1_764_300_000_000)


@pytest.mark.parametrize(
    "octets",
    [
        b"", b"ONLINE", b"\xff", b"[]", b"{}", b'{"online": 1, "timestamp": 1}', b'{"online": true}',
        b'{"online": true, "timestamp": true}', b'{"online": true, "timestamp": -1}', b"[" * STATE_MAX,
        b'{"online": true, "timestamp": 1.5}', b" " * STATE_MAX + b'{"online": true, "timestamp": 1}',
    ],
)  # fmt: skip
def test_what_is_no_state_is_refused(octets: bytes) -> None:
    with pytest.raises(WireFault):
        read_state(octets)
