"""The host: who docks appears, is ordered, is asked again where something is lost, and is stale when it dies."""

from collections.abc import Callable

import pytest

from cloud.watch.docking.sparkplug import host as host_module
from cloud.watch.docking.sparkplug.docked import DEVICES_MAX, WAITING_MAX
from cloud.watch.docking.sparkplug.host import (
    ASK_MS,
    ASKS_MAX,
    NODES_MAX,
    REORDER_MS,
    Born,
    Died,
    Host,
    Outcome,
    Refused,
    Said,
    Why,
)
from cloud.watch.docking.sparkplug.payload import DataType, Metric, Payload, decoded, encoded, metric, wired
from cloud.watch.docking.sparkplug.state import HostState, read_state, state_message
from cloud.watch.docking.sparkplug.terms import REBIRTH, Command, bd_metric
from cloud.watch.docking.sparkplug.topics import Publish, Source, Verb, topic_of

AT = 1_764_300_000_000
NODE = Source("g", "n")
DEVICE = Source("g", "n", "d")


def birth(host: Host, at: int = AT, bd_seq: int = 3, seq: int = 0) -> Outcome:
    metrics = (
        bd_metric(bd_seq, at),
        metric(REBIRTH, DataType.BOOLEAN, False, at),
        metric("up", DataType.INT32, 1, at, 1),
    )
    return send(host, Verb.NBIRTH, NODE, Payload(at, seq, metrics), at)


def device(host: Host, seq: int = 1, at: int = AT, alias: int = 2, source: Source = DEVICE) -> Outcome:
    metrics = (
        metric("温度", DataType.FLOAT, 21.5, at, alias),
        metric("open", DataType.BOOLEAN, None, at, alias + 1000),
    )
    return send(host, Verb.DBIRTH, source, Payload(at, seq, metrics), at)


def data(host: Host, seq: int, value: float, at: int = AT, source: Source = DEVICE, **more) -> Outcome:
    one = Metric(None, 2, at, None, wired(DataType.FLOAT, value), **more)
    return send(host, Verb.DDATA, source, Payload(at, seq, (one,)), at)


def send(host: Host, verb: Verb, source: Source, payload: Payload, now: int = AT) -> Outcome:
    return host.received(topic_of(verb, source), encoded(payload), now)


def death(host: Host, bd_seq: int = 3, now: int = AT) -> Outcome:
    return send(host, Verb.NDEATH, NODE, Payload(now, None, (bd_metric(bd_seq, now),)), now)


def docked() -> Host:
    host = Host("ykt")
    host.connecting(AT)
    host.connected()
    assert not birth(host).publishes
    assert not device(host).publishes
    return host


def why(out: Outcome) -> list[Why]:
    return [one.why for one in out.events if isinstance(one, Refused)]


def said(out: Outcome) -> list:
    return [one.shown.value for one in out.events if isinstance(one, Said)]


def is_rebirth(publish: Publish) -> bool:
    (one,) = decoded(publish.payload).metrics
    return (
        publish.topic == "spBv1.0/g/NCMD/n"
        and one.name == REBIRTH
        and one.value is not None
        and one.value.value is True
    )


@pytest.mark.tck(
    "intro-sparkplug-host-state components-ph-state conformance-primary-host"
    " host-topic-phid-birth-message host-topic-phid-birth-sub-required"
    " host-topic-phid-birth-required host-topic-phid-death-required message-flow-phid-sparkplug-subscription"
    " message-flow-phid-sparkplug-state-publish operational-behavior-host-application-connect-will"
    " operational-behavior-host-application-connect-will-topic"
    " operational-behavior-host-application-connect-will-payload"
    " operational-behavior-host-application-connect-will-qos"
    " operational-behavior-host-application-connect-will-retained"
    " operational-behavior-host-application-connect-birth operational-behavior-host-application-connect-birth-topic"
    " operational-behavior-host-application-connect-birth-payload"
    " operational-behavior-host-application-connect-birth-qos"
    " operational-behavior-host-application-connect-birth-retained"
    " operational-behavior-primary-application-state-with-multiple-servers-state"
    " host-topic-phid-birth-payload-timestamp host-topic-phid-death-payload-connect"
    " message-flow-phid-sparkplug-state-publish-payload-timestamp"
    " payloads-state-will-message payloads-state-will-message-qos payloads-state-will-message-retain"
    " payloads-state-will-message-payload payloads-state-birth payloads-state-subscribe"
)
def test_a_host_says_that_it_is_there() -> None:
    host = Host("ykt")
    will = host.connecting(AT)
    assert (will.topic, will.qos, will.is_retained) == ("spBv1.0/STATE/ykt", 1, True)
    assert read_state(will.payload) == HostState(False, AT)
    assert host.subscriptions == (("spBv1.0/STATE/ykt", 1), ("spBv1.0/#", 0))
    there = host.connected()
    assert (there.topic, there.qos, there.is_retained) == ("spBv1.0/STATE/ykt", 1, True)
    assert read_state(there.payload) == HostState(True, AT)


@pytest.mark.tck(
    "operational-behavior-host-application-death-topic operational-behavior-host-application-death-payload"
    " operational-behavior-host-application-death-qos operational-behavior-host-application-death-retained"
    " operational-behavior-host-application-termination"
    " host-topic-phid-death-payload-disconnect-clean"
)
def test_a_host_that_goes_says_so() -> None:
    gone = docked().closing(AT + 9)
    assert (gone.topic, gone.qos, gone.is_retained) == ("spBv1.0/STATE/ykt", 1, True)
    assert read_state(gone.payload) == HostState(False, AT + 9)


@pytest.mark.tck("message-flow-hid-sparkplug-state-message-delivered")
def test_a_will_of_before_that_comes_late_is_answered() -> None:
    host = docked()
    late = state_message("ykt", HostState(False, AT - 5))
    (again,) = host.received(late.topic, late.payload, AT + 1, is_retained=True).publishes
    assert read_state(again.payload).is_online
    other = state_message("other", HostState(False, AT))
    assert host.received(other.topic, other.payload, AT) == Outcome()
    assert host.received(again.topic, again.payload, AT) == Outcome()


@pytest.mark.tck("payloads-metric-datatype-req payloads-name-requirement payloads-alias-birth-requirement")
def test_a_stranger_appears_with_its_metrics() -> None:
    host = Host("ykt")
    (born,) = birth(host).events
    assert isinstance(born, Born)
    assert (born.source, born.metrics["up"].value) == (NODE, 1)
    (born,) = device(host).events
    assert isinstance(born, Born)
    assert (born.metrics["温度"].value, born.metrics["open"].value) == (21.5, None)


@pytest.mark.tck("payloads-alias-data-cmd-requirement payloads-name-birth-data-requirement")
def test_data_come_by_alias_and_by_name() -> None:
    host = docked()
    assert said(data(host, 2, 22.0)) == [22.0]
    by_name = Metric("温度", None, AT, None, wired(DataType.FLOAT, 23.0))
    assert said(send(host, Verb.DDATA, DEVICE, Payload(AT, 3, (by_name,)))) == [23.0]
    assert host.nodes[NODE].devices["d"].metrics["温度"].value == 23.0


def test_what_once_was_does_not_change_what_is() -> None:
    host = docked()
    (one,) = data(host, 2, 5.0, is_historical=True).events
    assert isinstance(one, Said)
    assert one.is_historical
    assert host.nodes[NODE].devices["d"].metrics["温度"].value == 21.5


@pytest.mark.tck(
    "operational-behavior-edge-node-termination-host-action-ndeath-node-offline"
    " operational-behavior-edge-node-termination-host-action-ndeath-node-tags-stale"
    " operational-behavior-edge-node-termination-host-action-ndeath-devices-offline"
    " operational-behavior-edge-node-termination-host-action-ndeath-devices-tags-stale"
)
def test_a_nodes_death_is_all_its_devices_death() -> None:
    host = docked()
    out = death(host, now=AT + 7)
    assert out.events == [Died(DEVICE, AT + 7), Died(NODE, AT + 7)]
    node = host.nodes[NODE]
    assert not node.is_online
    assert all(shown.is_stale for one in (node, node.devices["d"]) for shown in one.metrics.values())


@pytest.mark.tck(
    "topics-nbirth-bdseq-matching payloads-ndeath-bdseq topics-ndeath-payload topics-ndeath-seq payloads-ndeath-seq"
)
def test_a_death_of_another_birth_is_none() -> None:
    host = docked()
    assert why(death(host, bd_seq=2)) == [Why.AGAIN]
    assert host.nodes[NODE].is_online
    assert why(death(Host("ykt"))) == [Why.BEFORE_BIRTH]


@pytest.mark.tck(
    "operational-behavior-edge-node-termination-host-action-ddeath-devices-offline"
    " operational-behavior-edge-node-termination-host-action-ddeath-devices-tags-stale"
)
def test_a_devices_death_is_its_own() -> None:
    host = docked()
    out = send(host, Verb.DDEATH, DEVICE, Payload(AT + 4, 2), AT + 9)
    assert out.events == [Died(DEVICE, AT + 4)]
    assert all(shown.is_stale for shown in host.nodes[NODE].devices["d"].metrics.values())
    assert host.nodes[NODE].is_online


@pytest.mark.tck(
    "operational-behavior-host-reordering-param operational-behavior-host-reordering-start"
    " operational-behavior-host-reordering-success payloads-sequence-num-incrementing"
)
def test_what_comes_early_waits_its_turn() -> None:
    host = docked()
    assert said(data(host, 4, 4.0)) == []
    assert said(data(host, 3, 3.0)) == []
    assert why(data(host, 3, 9.0)) == [Why.AGAIN]
    assert said(data(host, 2, 2.0)) == [2.0, 3.0, 4.0]
    assert host.passed(AT + REORDER_MS * 9) == Outcome()


@pytest.mark.tck(
    "operational-behavior-host-reordering-rebirth operational-behavior-data-commands-ncmd-rebirth-verb"
    " operational-behavior-data-commands-ncmd-rebirth-name operational-behavior-data-commands-ncmd-rebirth-value"
    " topics-ncmd-mqtt topics-ncmd-timestamp topics-ncmd-payload payloads-ncmd-timestamp payloads-ncmd-seq"
    " payloads-ncmd-qos payloads-ncmd-retain"
)
def test_what_stays_away_makes_the_host_ask_for_a_birth() -> None:
    host = docked()
    data(host, 3, 3.0)
    assert host.passed(AT + REORDER_MS - 1) == Outcome()
    (ask,) = host.passed(AT + REORDER_MS).publishes
    assert is_rebirth(ask)
    assert (ask.qos, ask.is_retained) == (0, False)
    asked = decoded(ask.payload)
    assert (asked.timestamp_ms, asked.seq) == (AT + REORDER_MS, None)
    assert host.nodes[NODE].metrics["up"].is_stale
    assert why(data(host, 4, 4.0)) == [Why.BEFORE_BIRTH]
    birth(host, AT + REORDER_MS + 1)
    assert not host.nodes[NODE].metrics["up"].is_stale
    assert host.passed(AT + ASK_MS * 9) == Outcome()


def test_the_time_to_wait_is_a_parameter() -> None:
    host = Host("ykt", reorder_ms=10)
    birth(host)
    device(host, seq=2)
    assert len(host.passed(AT + 10).publishes) == 1


def test_a_node_is_asked_seldom_and_not_for_ever() -> None:
    host = docked()
    data(host, 3, 3.0)
    asks, died = 0, []
    for now in range(AT, AT + ASK_MS * 30, 500):
        out = host.passed(now)
        asks += len(out.publishes)
        died += [one.source for one in out.events if isinstance(one, Died)]
    assert (asks, died) == (ASKS_MAX, [DEVICE, NODE])


def test_a_birth_is_an_answer_and_the_asking_begins_anew() -> None:
    host = Host("ykt")
    for turn in range(ASKS_MAX + 1):
        at = AT + turn * ASK_MS
        birth(host, at)
        device(host, 2, at)
        assert len(host.passed(at + REORDER_MS).publishes) == 1


def test_nothing_is_awaited_of_a_dead_node() -> None:
    host = docked()
    data(host, 3, 3.0)
    death(host)
    assert host.passed(AT + REORDER_MS) == Outcome()


def test_a_device_that_died_says_nothing_more() -> None:
    host = docked()
    send(host, Verb.DDEATH, DEVICE, Payload(AT, 2))
    out = data(host, 3, 3.0)
    assert (why(out), said(out), len(out.publishes)) == ([Why.MALFORMED], [], 1)


def test_a_node_that_nobody_met_is_asked() -> None:
    host = Host("ykt")
    (ask,) = data(host, 9, 1.0).publishes
    assert is_rebirth(ask)
    assert data(host, 10, 1.0).publishes == []
    birth(host, AT + 1)
    assert host.nodes[NODE].is_online


def test_what_came_already_is_passed_over() -> None:
    host = docked()
    assert said(data(host, 2, 2.0)) == [2.0]
    assert why(data(host, 2, 9.0)) == [Why.AGAIN]
    assert why(birth(host)) == [Why.AGAIN]
    assert host.nodes[NODE].devices["d"].metrics["温度"].value == 2.0


def test_a_number_far_behind_with_a_later_time_is_a_loss() -> None:
    host = docked()
    assert is_rebirth(data(host, 202, 1.0, AT + 60_000).publishes[0])


def test_a_message_of_before_the_birth_is_not_taken_for_one_of_after() -> None:
    host = docked()
    out = data(host, 2, 9.0, AT - 1)
    assert is_rebirth(out.publishes[0])
    assert said(out) == []


def test_numbers_run_on_from_255_to_0() -> None:
    host = docked()
    for number in range(2, 700):
        assert said(data(host, number % 256, float(number))) == [float(number)]


@pytest.mark.tck(
    "payloads-nbirth-seq payloads-sequence-num-req-nbirth message-flow-edge-node-birth-publish-nbirth-payload-seq"
)
def test_a_birth_may_begin_anywhere() -> None:
    host = Host("ykt")
    birth(host, seq=255)
    assert not device(host, seq=0).publishes


def test_a_birth_starts_anew() -> None:
    host = docked()
    out = birth(host, AT + 5, bd_seq=4)
    assert [type(one) for one in out.events] == [Died, Born]
    assert not host.nodes[NODE].devices


def test_a_node_that_died_is_believed_whatever_its_clock_and_number() -> None:
    host = docked()
    death(host)
    (born,) = birth(host, AT - 9_000_000).events
    assert isinstance(born, Born)


def test_a_device_may_be_born_again() -> None:
    host = docked()
    out = device(host, 2)
    assert ([type(one) for one in out.events], out.publishes) == ([Born], [])


def test_a_death_that_is_none_asks_for_nothing() -> None:
    host = docked()
    out = host.received(topic_of(Verb.NDEATH, NODE), b"\xff", AT)
    assert (why(out), out.publishes, host.nodes[NODE].is_lost) == ([Why.MALFORMED], [], False)


def test_a_lost_connection_makes_all_stale() -> None:
    host = docked()
    assert host.disconnected(AT + 3).events == [Died(DEVICE, AT + 3), Died(NODE, AT + 3)]
    assert host.nodes[NODE].devices["d"].metrics["温度"].is_stale


@pytest.mark.tck(
    "operational-behavior-data-commands-dcmd-verb operational-behavior-data-commands-dcmd-metric-name"
    " operational-behavior-data-commands-dcmd-metric-value topics-dcmd-mqtt topics-dcmd-timestamp topics-dcmd-payload"
    " payloads-dcmd-timestamp payloads-dcmd-seq payloads-dcmd-qos payloads-dcmd-retain payloads-name-cmd-requirement"
)
def test_a_command_goes_to_a_device() -> None:
    host = docked()
    sent = host.command(Command(DEVICE, "open", True), AT + 1)
    assert (sent.topic, sent.qos, sent.is_retained) == ("spBv1.0/g/DCMD/n/d", 0, False)
    payload = decoded(sent.payload)
    (one,) = payload.metrics
    assert (payload.timestamp_ms, payload.seq, one.name, one.alias) == (AT + 1, None, None, 1002)
    for wrong in (Command(DEVICE, "open", "yes"), Command(DEVICE, "no", 1), Command(Source("g", "x"), "open", True)):
        with pytest.raises(ValueError):
            host.command(wrong, AT)


@pytest.mark.tck(
    "operational-behavior-data-commands-ncmd-verb operational-behavior-data-commands-ncmd-metric-name"
    " operational-behavior-data-commands-ncmd-metric-value"
)
def test_a_command_goes_to_a_node() -> None:
    sent = docked().command(Command(NODE, "up", 2), AT)
    assert (sent.topic, decoded(sent.payload).metrics[0].alias) == ("spBv1.0/g/NCMD/n", 1)


def malformed() -> dict[str, Callable[[Host], Outcome]]:
    topic = topic_of(Verb.DDATA, DEVICE)
    unknown = Payload(AT, 2, (Metric(None, 99, AT, None, wired(DataType.FLOAT, 1.0)),))
    other = Payload(AT, 2, (Metric(None, 2, AT, None, wired(DataType.STRING, "x")),))
    twice = metric("a", DataType.INT32, 1, AT)
    empty = Payload(AT, 2, (Metric(None, 2, AT),))
    return {
        "bytes": lambda host: host.received(topic, b"\xff", AT),
        "no number": lambda host: send(host, Verb.DDATA, DEVICE, Payload(AT)),
        "alias": lambda host: send(host, Verb.DDATA, DEVICE, unknown),
        "neither": lambda host: send(host, Verb.DDATA, DEVICE, Payload(AT, 2, (Metric(),))),
        "type": lambda host: send(host, Verb.DDATA, DEVICE, other),
        "no value": lambda host: send(host, Verb.DDATA, DEVICE, empty),
        "device": lambda host: data(host, 2, 1.0, source=DEVICE._replace(device="other")),
        "dead": lambda host: send(host, Verb.DDEATH, DEVICE._replace(device="other"), Payload(AT, 2)),
        "alias twice": lambda host: device(host, 2, alias=1, source=DEVICE._replace(device="e")),
        "no type": lambda host: send(host, Verb.DBIRTH, DEVICE, Payload(AT, 2, (Metric("a", None, AT),))),
        "name twice": lambda host: send(host, Verb.DBIRTH, DEVICE, Payload(AT, 2, (twice, twice))),
        "beyond 255": lambda host: send(host, Verb.NBIRTH, NODE, Payload(AT + 1, 0, (bd_metric(256, AT),))),
        "birth": lambda host: send(host, Verb.NBIRTH, NODE, Payload(AT + 1, 0)),
    }


@pytest.mark.tck("payloads-alias-uniqueness payloads-sequence-num-always-included topics-nbirth-bdseq-included")
@pytest.mark.parametrize("name", malformed())
def test_what_cannot_be_understood_makes_the_host_ask(name: str) -> None:
    host = docked()
    out = malformed()[name](host)
    assert why(out) == [Why.MALFORMED]
    assert len(out.publishes) == 1
    assert is_rebirth(out.publishes[0])


def test_what_is_no_message_to_a_host_is_passed_over() -> None:
    host = docked()
    assert why(host.received("spBv1.0/x", b"", AT)) == [Why.MALFORMED]
    assert host.received(topic_of(Verb.NCMD, NODE), b"\xff", AT) == Outcome()
    assert host.received(topic_of(Verb.NDATA, NODE), b"\xff", AT, is_retained=True) == Outcome()


@pytest.mark.tck("topic-structure-namespace-duplicate-device-id-across-edge-node")
def test_two_nodes_may_call_their_devices_alike() -> None:
    host = docked()
    other = Source("g", "m")
    send(host, Verb.NBIRTH, other, Payload(AT, 0, (bd_metric(0, AT),)))
    assert [type(one) for one in device(host, source=other._replace(device="d")).events] == [Born]
    assert said(data(host, 2, 9.0)) == [9.0]
    assert host.nodes[other].devices["d"].metrics["温度"].value == 21.5


def test_nodes_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    assert NODES_MAX == 1_000
    monkeypatch.setattr(host_module, "NODES_MAX", 1)
    host = docked()
    out = send(host, Verb.NDATA, Source("g", "other"), Payload(AT, 0))
    assert (why(out), out.publishes) == ([Why.FULL], [])


def test_devices_have_a_bound_and_the_others_go_on() -> None:
    host = Host("ykt")
    birth(host)
    for at in range(1, DEVICES_MAX + 1):
        device(host, at % 256, alias=1 + at, source=DEVICE._replace(device=f"d{at}"))
    more = DEVICE._replace(device="more")
    assert why(device(host, 1, alias=999, source=more)) == [Why.FULL]
    assert why(data(host, 2, 1.0, source=more)) == [Why.FULL]
    assert said(data(host, 3, 7.0, source=DEVICE._replace(device="d1"))) == [7.0]


def test_what_waits_has_a_bound() -> None:
    host = docked()
    outs = [data(host, 3 + at, 1.0) for at in range(WAITING_MAX + 1)]
    assert [len(out.publishes) for out in outs] == [0] * WAITING_MAX + [1]
    assert not host.nodes[NODE].waiting
