"""The node: it is born with all it has, counts on, is born again when asked, and keeps what its host does not hear."""

import pytest

from cloud.watch.docking.sparkplug import node as node_module
from cloud.watch.docking.sparkplug.node import DEVICES_MAX, FLUSH_MAX, STORE_MAX, Node, Telling
from cloud.watch.docking.sparkplug.payload import METRICS_MAX, DataType, Metric, Payload, decoded, encoded, meant, wired
from cloud.watch.docking.sparkplug.state import HostState, state_message
from cloud.watch.docking.sparkplug.terms import BD_SEQ, REBIRTH, Command, after, bd_seq_of
from cloud.watch.docking.sparkplug.topics import Publish, Source, Topic, Verb, read_topic, topic_of

AT = 1_764_300_000_000
SOURCE = Source("g", "n")
DEVICE = Source("g", "n", "pos")
METRICS = {"up": Telling(DataType.INT32, 1), "name": Telling(DataType.STRING)}
TILL = {"taps": Telling(DataType.UINT32, 0), "open": Telling(DataType.BOOLEAN, False)}


def made(host: str = "") -> Node:
    node = Node(SOURCE, METRICS, AT, host)
    node.joins("pos", TILL, AT)
    node.connecting(7, AT)
    return node


def born() -> Node:
    node = made()
    node.connected(AT)
    return node


def state(node: Node, online: bool, at: int, host: str = "ykt"):
    said = state_message(host, HostState(online, at))
    return node.received(said.topic, said.payload, at)


def commanded(node: Node, source: Source, *metrics: Metric):
    verb = Verb.DCMD if source.device else Verb.NCMD
    return node.received(topic_of(verb, source), encoded(Payload(AT, None, metrics)), AT + 1)


def rebirth(node: Node, value: bool = True):
    return commanded(node, SOURCE, Metric(REBIRTH, None, AT, DataType.BOOLEAN, wired(DataType.BOOLEAN, value)))


def verbs(publishes: list[Publish]) -> list[Verb]:
    topics = [read_topic(one.topic) for one in publishes]
    return [one.verb for one in topics if isinstance(one, Topic)]


def seqs(publishes: list[Publish]) -> list[int | None]:
    return [decoded(one.payload).seq for one in publishes]


@pytest.mark.tck(
    "message-flow-edge-node-birth-publish-will-message message-flow-edge-node-birth-publish-will-message-topic"
    " message-flow-edge-node-birth-publish-will-message-payload"
    " message-flow-edge-node-birth-publish-will-message-payload-bdSeq"
    " message-flow-edge-node-birth-publish-will-message-qos"
    " message-flow-edge-node-birth-publish-will-message-will-retained topics-nbirth-bdseq-increment"
    " payloads-ndeath-will-message"
    " payloads-ndeath-will-message-qos payloads-ndeath-will-message-retain"
)
@pytest.mark.parametrize("bd_seq", [0, 7, 255])
def test_the_will_is_a_death_at_qos_1_with_the_kept_number(bd_seq: int) -> None:
    will = made().connecting(bd_seq, AT)
    assert (will.topic, will.qos, will.is_retained) == ("spBv1.0/g/NDEATH/n", 1, False)
    payload = decoded(will.payload)
    (only,) = payload.metrics
    assert (only.name, only.datatype, bd_seq_of(payload), payload.seq) == (BD_SEQ, DataType.INT64, bd_seq, None)
    assert (after(7), after(255)) == (8, 0)
    with pytest.raises(ValueError, match="255"):
        made().connecting(256, AT)


@pytest.mark.tck(
    "principles-birth-certificates-order payloads-timestamp-in-UTC payloads-metric-timestamp-in-UTC"
    " message-flow-edge-node-birth-publish-connect topics-nbirth-mqtt"
    " topics-nbirth-seq-num topics-nbirth-timestamp topics-nbirth-metrics topics-nbirth-metric-reqs"
    " topics-nbirth-rebirth-metric"
    " message-flow-edge-node-birth-publish-nbirth-topic message-flow-edge-node-birth-publish-nbirth-payload"
    " message-flow-edge-node-birth-publish-nbirth-payload-bdSeq message-flow-edge-node-birth-publish-nbirth-qos"
    " message-flow-edge-node-birth-publish-nbirth-retained payloads-nbirth-timestamp payloads-nbirth-bdseq"
    " payloads-nbirth-qos payloads-nbirth-retain payloads-nbirth-rebirth-req"
    " operational-behavior-data-publish-nbirth operational-behavior-data-publish-nbirth-values"
    " operational-behavior-data-publish-nbirth-order operational-behavior-data-commands-rebirth-name"
    " operational-behavior-data-commands-rebirth-name-aliases operational-behavior-data-commands-rebirth-datatype"
    " operational-behavior-data-commands-rebirth-value"
)
def test_a_node_is_born_with_all_it_has() -> None:
    node = made()
    node.changed("", "up", 1, AT + 1)
    birth = node.connected(AT + 1).publishes[0]
    payload = decoded(birth.payload)
    found = {one.name: one for one in payload.metrics}
    assert (birth.topic, birth.qos, birth.is_retained) == ("spBv1.0/g/NBIRTH/n", 0, False)
    assert (payload.seq, payload.timestamp_ms, bd_seq_of(payload)) == (0, AT + 1, 7)
    assert set(found) == {BD_SEQ, REBIRTH, "up", "name"}
    assert (found[REBIRTH].datatype, found[REBIRTH].alias) == (DataType.BOOLEAN, None)
    assert found[REBIRTH].value == wired(DataType.BOOLEAN, False)
    assert found["name"].is_null
    assert found["up"].value == wired(DataType.INT32, 1)
    assert all(one.datatype and one.timestamp_ms for one in payload.metrics)
    times = [one.timestamp_ms for one in payload.metrics if one.timestamp_ms]
    assert times == sorted(times)


@pytest.mark.tck(
    "topics-dbirth-mqtt topics-dbirth-seq topics-dbirth-timestamp topics-dbirth-metric-reqs topics-dbirth-metrics"
    " message-flow-device-birth-publish-nbirth-wait message-flow-device-birth-publish-dbirth-topic"
    " message-flow-device-birth-publish-dbirth-match-edge-node-topic"
    " message-flow-device-birth-publish-dbirth-payload message-flow-device-birth-publish-dbirth-qos"
    " message-flow-device-birth-publish-dbirth-retained message-flow-device-birth-publish-dbirth-payload-seq"
    " payloads-dbirth-timestamp payloads-dbirth-seq payloads-dbirth-seq-inc payloads-dbirth-qos payloads-dbirth-retain"
    " payloads-dbirth-order operational-behavior-data-publish-dbirth operational-behavior-data-publish-dbirth-values"
    " operational-behavior-data-publish-dbirth-order"
)
def test_its_devices_are_born_behind_it() -> None:
    publishes = made().connected(AT).publishes
    assert verbs(publishes) == [Verb.NBIRTH, Verb.DBIRTH]
    assert seqs(publishes) == [0, 1]
    birth = publishes[1]
    payload = decoded(birth.payload)
    assert (birth.topic, birth.qos, birth.is_retained) == ("spBv1.0/g/DBIRTH/n/pos", 0, False)
    assert {one.name for one in payload.metrics} == {"taps", "open"}
    assert payload.timestamp_ms == AT
    aliases = [one.alias for each in publishes for one in decoded(each.payload).metrics if one.alias is not None]
    assert len(set(aliases)) == len(aliases) == 4


@pytest.mark.tck(
    "topics-ddata-mqtt topics-ddata-seq-num topics-ddata-timestamp topics-ddata-payload topics-ndata-mqtt"
    " topics-ndata-seq-num topics-ndata-timestamp topics-ndata-payload payloads-ndata-timestamp payloads-ndata-seq"
    " payloads-ndata-seq-inc payloads-ndata-qos payloads-ndata-retain payloads-ndata-order payloads-ddata-timestamp"
    " payloads-ddata-seq payloads-ddata-seq-inc payloads-ddata-qos payloads-ddata-retain payloads-ddata-order"
    " principles-rbe-recommended operational-behavior-data-publish-nbirth-change"
    " operational-behavior-data-publish-dbirth-change"
)
def test_what_changes_is_told_by_alias_and_counted_on() -> None:
    node = born()
    for number in range(2, 600):
        device = "" if number % 2 else "pos"
        (said,) = node.changed(device, "up" if number % 2 else "taps", number, AT + number).publishes
        payload = decoded(said.payload)
        (one,) = payload.metrics
        assert said.topic == ("spBv1.0/g/NDATA/n" if number % 2 else "spBv1.0/g/DDATA/n/pos")
        assert (said.qos, said.is_retained, payload.seq, payload.timestamp_ms) == (0, False, number % 256, AT + number)
        assert (one.name, one.datatype, one.timestamp_ms) == (None, None, AT + number)
        assert one.value is not None
        assert meant(DataType.UINT32, one.value) == number


@pytest.mark.tck(
    "operational-behavior-device-ddeath topics-ddeath-mqtt topics-ddeath-seq-num payloads-ddeath-timestamp"
    " payloads-ddeath-seq payloads-ddeath-seq-inc payloads-ddeath-seq-number"
)
def test_a_device_that_leaves_is_told_dead() -> None:
    node = born()
    (said,) = node.leaves("pos", AT + 5).publishes
    assert (said.topic, said.qos, said.is_retained) == ("spBv1.0/g/DDEATH/n/pos", 0, False)
    assert decoded(said.payload) == Payload(AT + 5, 2)
    assert node.leaves("pos", AT + 6).publishes == []
    assert verbs(node.joins("pos", TILL, AT + 7).publishes) == [Verb.DBIRTH]


@pytest.mark.tck(
    "message-flow-edge-node-ncmd-subscribe message-flow-device-dcmd-subscribe"
    " operational-behavior-edge-node-intentional-disconnect-ndeath"
    " payloads-ndeath-will-message-publisher"
)
def test_it_hears_commands_and_dies_on_purpose_by_a_death() -> None:
    assert made("ykt").subscriptions == (("spBv1.0/g/NCMD/n", 1), ("spBv1.0/g/DCMD/n/+", 1), ("spBv1.0/STATE/ykt", 1))
    assert len(made().subscriptions) == 2
    node = born()
    step = node.closing(AT + 2)
    assert (verbs(step.publishes), step.must_leave) == ([Verb.NDEATH], True)
    assert bd_seq_of(decoded(step.publishes[0].payload)) == 7
    assert node.changed("", "up", 3, AT).publishes == []


@pytest.mark.tck(
    "operational-behavior-data-commands-rebirth-action-1 operational-behavior-data-commands-rebirth-action-2"
    " operational-behavior-data-commands-rebirth-action-3 payloads-nbirth-bdseq-repeat"
)
def test_it_is_born_again_when_asked() -> None:
    node = born()
    node.changed("", "up", 5, AT)
    step = rebirth(node)
    assert (verbs(step.publishes), seqs(step.publishes)) == ([Verb.NBIRTH, Verb.DBIRTH], [0, 1])
    payload = decoded(step.publishes[0].payload)
    assert bd_seq_of(payload) == 7
    assert wired(DataType.INT32, 5) in [one.value for one in payload.metrics]
    assert rebirth(node, value=False).publishes == []
    assert rebirth(made("ykt")).publishes == []


def test_a_command_is_handed_on_by_name_and_by_alias() -> None:
    node = born()
    alias = node._sources["pos"]["open"].alias
    by_alias = Metric(None, alias, AT, None, wired(DataType.BOOLEAN, True))
    by_name = Metric("taps", None, AT, DataType.UINT32, wired(DataType.UINT32, 9))
    step = commanded(node, DEVICE, by_alias, by_name)
    assert step.commands == [Command(DEVICE, "open", True), Command(DEVICE, "taps", 9)]
    assert step.publishes == []


def test_a_command_that_is_none_is_counted() -> None:
    node = born()
    one = wired(DataType.STRING, "x")
    commanded(node, DEVICE, Metric("no", None, AT, None, one), Metric("open", None, AT), Metric())
    assert node.refused == 3
    commanded(node, DEVICE, Metric("open", None, AT, None, one))
    node.received("spBv1.0/g/NCMD/n", b"\xff", AT)
    node.received("no topic", b"", AT)
    assert node.refused == 6
    other = Metric(REBIRTH, None, AT, None, wired(DataType.BOOLEAN, True))
    assert commanded(node, Source("g", "other"), other).publishes == []


@pytest.mark.tck(
    "message-flow-edge-node-birth-publish-phid-wait message-flow-edge-node-birth-publish-phid-wait-id"
    " message-flow-edge-node-birth-publish-phid-wait-online operational-behavior-edge-node-birth-sequence-wait"
)
def test_it_waits_for_its_primary_host() -> None:
    node = made("ykt")
    assert node.connected(AT).publishes == []
    assert state(node, True, AT, "other").publishes == []
    assert state(node, False, AT).publishes == []
    assert node.received("spBv1.0/STATE/ykt", b"ONLINE", AT).publishes == []
    assert verbs(state(node, True, AT + 1).publishes) == [Verb.NBIRTH, Verb.DBIRTH]
    assert state(node, True, AT + 2).publishes == []


@pytest.mark.tck(
    "message-flow-edge-node-birth-publish-phid-offline operational-behavior-edge-node-termination-host-offline"
)
def test_it_leaves_when_its_primary_host_is_away() -> None:
    node = made("ykt")
    node.connected(AT)
    state(node, True, AT)
    step = state(node, False, AT)
    assert (verbs(step.publishes), step.must_leave) == ([Verb.NDEATH], True)


@pytest.mark.tck(
    "operational-behavior-edge-node-termination-host-offline-timestamp"
    " message-flow-edge-node-birth-publish-phid-wait-timestamp"
    " operational-behavior-edge-node-termination-host-offline-reconnect"
)
def test_a_hosts_will_of_before_changes_nothing() -> None:
    node = made("ykt")
    node.connected(AT)
    state(node, True, AT)
    late = state(node, False, AT - 1)
    assert (late.publishes, late.must_leave) == ([], False)
    state(node, False, AT + 1)
    node.connecting(8, AT + 2)
    assert node.connected(AT + 2).publishes == []
    assert verbs(state(node, True, AT + 3).publishes) == [Verb.NBIRTH, Verb.DBIRTH]


def test_what_the_host_did_not_hear_is_told_when_it_is_back() -> None:
    node = made("ykt")
    for at in range(FLUSH_MAX + 5):
        assert node.changed("pos", "taps", at, AT + at).publishes == []
    node.changed("", "up", 2, AT + 999)
    node.connected(AT + 1000)
    publishes = state(node, True, AT + 1000).publishes
    assert verbs(publishes) == [Verb.NBIRTH, Verb.DBIRTH, Verb.DDATA, Verb.DDATA, Verb.NDATA]
    assert seqs(publishes) == [0, 1, 2, 3, 4]
    past = [one for each in publishes[2:4] for one in decoded(each.payload).metrics]
    assert all(one.is_historical for one in past)
    assert [one.timestamp_ms for one in past] == [AT + at for at in range(FLUSH_MAX + 5)]
    assert not any(one.is_historical for each in publishes[:2] for one in decoded(each.payload).metrics)
    assert len(rebirth(node).publishes) == 2


def test_another_server_is_heard_by_its_own_times() -> None:
    node = made("ykt")
    node.connected(AT)
    state(node, True, AT + 5)
    node.connecting(8, AT + 6)
    node.connected(AT + 6)
    assert verbs(state(node, True, AT).publishes) == [Verb.NBIRTH, Verb.DBIRTH]


def test_what_waited_of_a_device_that_is_another_one_now_is_dropped() -> None:
    node = made("ykt")
    node.changed("pos", "taps", 1, AT)
    node.joins("pos", {"taps": Telling(DataType.STRING, "x")}, AT)
    node.connected(AT)
    assert verbs(state(node, True, AT).publishes) == [Verb.NBIRTH, Verb.DBIRTH]
    assert node.dropped == 1


def test_what_waits_has_a_bound_and_the_newest_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    assert STORE_MAX == 10_000
    monkeypatch.setattr(node_module, "STORE_MAX", 3)
    node = made("ykt")
    for at in range(5):
        node.changed("pos", "taps", at, AT + at)
    node.connected(AT)
    (said,) = state(node, True, AT + 9).publishes[2:]
    assert [one.value and one.value.value for one in decoded(said.payload).metrics] == [2, 3, 4]
    assert node.dropped == 2


def test_what_waited_of_a_device_that_left_is_dropped() -> None:
    node = made("ykt")
    node.changed("pos", "taps", 1, AT)
    node.leaves("pos", AT)
    node.connected(AT)
    assert verbs(state(node, True, AT).publishes) == [Verb.NBIRTH]
    assert node.dropped == 1


def test_what_cannot_be_shown_is_refused() -> None:
    many = {str(at): Telling(DataType.INT32) for at in range(METRICS_MAX)}
    for metrics in ({REBIRTH: Telling(DataType.BOOLEAN)}, {"": Telling(DataType.INT32)}, many):
        with pytest.raises(ValueError):
            Node(SOURCE, metrics, AT)
    node = born()
    for device in ("", "a/b"):
        with pytest.raises(ValueError):
            node.joins(device, TILL, AT)
    with pytest.raises(ValueError, match="type"):
        node.changed("pos", "taps", "x", AT)
    for name in (REBIRTH, "no"):
        with pytest.raises(KeyError):
            node.changed("", name, True, AT)
    for at in range(DEVICES_MAX - 1):
        node.joins(f"d{at}", {}, AT)
    with pytest.raises(ValueError, match="many"):
        node.joins("more", {}, AT)
    assert node.joins("pos", TILL, AT).publishes
