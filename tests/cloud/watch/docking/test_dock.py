"""What is behind the doors: pace, what is kept, commands and what came of them; and the file that keeps it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.watch.docking.dock import LATE_MS, OPEN_MAX, STRANGERS_MAX, TOLD_MS, Dock, is_same, written
from cloud.watch.docking.keeping.store import DockingStore, open_docking
from cloud.watch.docking.keeping.values import Moved, Ordered, Standing, State, name_of, source_named, text
from cloud.watch.docking.pace import Pace
from cloud.watch.docking.rights.accounts import ACCOUNTS_MAX, Speech, account
from cloud.watch.docking.sparkplug import docked, host
from cloud.watch.docking.sparkplug.docked import Shown
from cloud.watch.docking.sparkplug.host import Host, Why
from cloud.watch.docking.sparkplug.node import Node, Telling
from cloud.watch.docking.sparkplug.payload import DataType, decoded
from cloud.watch.docking.sparkplug.topics import Publish, Source
from shared.errors import ConfigFault

NODE, DEVICE = Source("g", "n"), Source("g", "n", "d")
NOW = 1_000_000


class Stand:
    """A dock, a file, and a node that speaks to it."""

    def __init__(self, store: DockingStore, pace: Pace | None = None) -> None:
        self.store, self.dock = store, Dock(Host("h"), pace)
        self.dock.host.connecting(NOW)
        self.dock.host.connected()
        self.node = Node(NODE, {"Uptime": Telling(DataType.UINT32, 1)}, NOW)

    def hear(self, publishes: list[Publish], at_ms: int = NOW) -> list[Publish]:
        return [answer for one in publishes for answer in self.dock.received(one.topic, one.payload, at_ms)]

    def born(self, at_ms: int = NOW) -> None:
        self.node.connecting(3, at_ms)
        self.hear(self.node.connected(at_ms).publishes, at_ms)
        metrics = {"Set": Telling(DataType.INT32, 60), "Name": Telling(DataType.STRING, "x")}
        self.hear(self.node.joins("d", metrics, at_ms).publishes, at_ms)
        self.keep(at_ms)

    def keep(self, at_ms: int = NOW) -> list[Moved]:
        updates, refused, moved = self.dock.taken()
        self.store.keep(updates, refused, moved, at_ms)
        return moved

    def metrics(self, source: Source = DEVICE) -> dict[str, tuple[str | None, bool]]:
        return {one.name: (one.text, one.is_stale) for one in self.store.metrics(name_of(source))}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DockingStore]:
    with closing(open_docking(tmp_path)) as found:
        yield found


@pytest.fixture
def stand(store: DockingStore) -> Stand:
    found = Stand(store)
    found.born()
    return found


def test_who_docks_is_kept_with_its_metrics(stand: Stand) -> None:
    assert stand.store.standings() == [Standing(NODE, True, NOW), Standing(DEVICE, True, NOW)]
    assert stand.metrics() == {"Name": ("x", False), "Set": ("60", False)}
    stand.hear(stand.node.changed("d", "Set", 61, NOW).publishes, NOW + 1)
    stand.keep()
    assert stand.metrics()["Set"] == ("61", False)


def test_a_death_keeps_what_was_said_last_stale(stand: Stand) -> None:
    stand.hear(stand.node.changed("d", "Set", 61, NOW).publishes, NOW + 1)
    stand.hear(stand.node.closing(NOW + 2).publishes, NOW + 2)
    stand.keep()
    assert stand.store.standings() == [Standing(NODE, False, NOW + 2), Standing(DEVICE, False, NOW + 2)]
    assert stand.metrics() == {"Name": ("x", True), "Set": ("61", True)}
    stand.born(NOW + 3)
    assert stand.metrics() == {"Name": ("x", False), "Set": ("60", False)}


def test_a_lost_message_makes_stale_and_asks_for_one_birth(stand: Stand) -> None:
    first, second = (stand.node.changed("d", "Set", n, NOW).publishes for n in (61, 62))
    assert stand.hear(second, NOW + 1) == []
    asked = stand.dock.passed(NOW + 1 + host.REORDER_MS)
    assert [one.topic for one in asked] == ["spBv1.0/g/NCMD/n"]
    stand.keep()
    assert stand.metrics() == {"Name": ("x", True), "Set": ("60", True)}
    assert first, "which never came"


def test_a_sender_beyond_its_pace_costs_the_others_nothing(store: DockingStore) -> None:
    stand = Stand(store, Pace(a_second=1.0, at_once=5.0))
    stand.born()
    for _ in range(50):
        stand.dock.received("spBv1.0/g/NDATA/flood", b"x", NOW)
    stand.hear(stand.node.changed("d", "Set", 61, NOW).publishes)
    stand.keep()
    assert stand.metrics()["Set"] == ("61", False)
    counts = {why: count for why, count, _ in store.refused()}
    assert counts == {Why.PACE: 45, Why.MALFORMED: 5}


def test_the_pace_is_regained_and_senders_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace(a_second=10.0, at_once=2.0)
    assert [pace.lets("a", NOW + at) for at in (0, 0, 0, 50, 100)] == [True, True, False, False, True]
    monkeypatch.setattr("cloud.watch.docking.pace.SENDERS_MAX", 2)
    for sender in ("b", "c"):
        pace.lets(sender, NOW)
    assert pace.lets("a", NOW + 100), "forgotten, and so a new one"


def order(stand: Stand, value: str, metric: str = "Set", at_ms: int = NOW, source: Source = DEVICE) -> Ordered:
    number = stand.store.order(at_ms, "王芳", name_of(source), metric, value)
    found = stand.store.ordered(number)
    assert found is not None
    return found


def test_a_command_goes_out_typed_and_is_told_back(stand: Stand) -> None:
    one = order(stand, "72")
    (message,) = stand.dock.order(one, NOW + 1)
    assert message.topic == "spBv1.0/g/DCMD/n/d"
    (metric,) = decoded(message.payload).metrics
    assert (metric.datatype, metric.value and metric.value.value) == (DataType.INT32, 72)
    assert stand.keep() == [Moved(one.number, State.SENT)]
    (command,) = stand.node.received(message.topic, message.payload, NOW + 2).commands
    stand.hear(stand.node.changed("d", "Set", command.value, NOW + 2).publishes, NOW + 2)
    assert stand.keep(NOW + 3) == [Moved(one.number, State.TOLD, "72")]
    assert stand.store.orders() == [one._replace(state=State.TOLD, told="72", done_ms=NOW + 3)]


def test_a_command_that_nothing_answers_is_unknown(stand: Stand) -> None:
    one = order(stand, "72")
    stand.dock.order(one, NOW)
    stand.dock.passed(NOW + TOLD_MS - 1)
    assert stand.keep() == [Moved(one.number, State.SENT)]
    stand.dock.passed(NOW + TOLD_MS)
    assert stand.keep() == [Moved(one.number, State.UNKNOWN)]


@pytest.mark.parametrize(
    ("value", "metric", "source", "late_ms", "why"),
    [("72", "Set", DEVICE, LATE_MS + 1, "late"), ("72", "Set", DEVICE, -1, "late"),
     ("72", "Nope", DEVICE, 0, "no such metric"),
     ("72", "Set", Source("g", "n", "x"), 0, "away"), ("72", "Set", Source("g", "x"), 0, "away")],
)  # fmt: skip
def test_a_command_that_cannot_be_is_not_sent(
    stand: Stand, value: str, metric: str, source: Source, late_ms: int, why: str
) -> None:
    one = order(stand, value, metric, source=source)
    assert stand.dock.order(one, NOW + late_ms) == []
    assert stand.keep() == [Moved(one.number, State.REFUSED, why)]


def test_a_command_to_who_is_away_or_of_another_type_is_not_sent(stand: Stand) -> None:
    assert stand.dock.order(order(stand, "many"), NOW) == []
    assert stand.dock.order(order(stand, str(1 << 40)), NOW) == []
    stand.dock.lost(NOW)
    assert stand.dock.order(order(stand, "1"), NOW) == []
    assert [one.state for one in stand.keep()] == [State.REFUSED] * 3


def test_commands_that_wait_are_bounded(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloud.watch.docking.dock.OPEN_MAX", 1)
    assert OPEN_MAX > 1
    stand.dock.order(order(stand, "1"), NOW)
    assert stand.dock.order(order(stand, "y", "Name"), NOW) == []
    assert stand.keep()[-1].told == "too many"


@pytest.mark.parametrize(
    ("datatype", "words", "value"),
    [
        (DataType.BOOLEAN, "True", True),
        (DataType.INT8, "-7", -7),
        (DataType.DOUBLE, "1.5", 1.5),
        (DataType.TEXT, "a", "a"),
    ],
)
def test_values_as_people_write_them(datatype: DataType, words: str, value: object) -> None:
    assert written(datatype, words) == value


@pytest.mark.parametrize(
    ("datatype", "words"),
    [
        (DataType.BOOLEAN, "yes"),
        (DataType.INT8, "1.5"),
        (DataType.DOUBLE, "x"),
        (DataType.DATASET, "x"),
        (DataType.BYTES, ""),
    ],
)
def test_values_that_are_none(datatype: DataType, words: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        written(datatype, words)


def test_told_back_is_the_same_by_value() -> None:
    assert is_same("20.1", "20.1000004")
    assert is_same("1", "true")
    assert not is_same("20.1", "20.2")
    assert not is_same("on", "off")


def test_at_a_start_nobody_is_there_and_each_node_is_asked(stand: Stand) -> None:
    assert stand.store.all_away(NOW + 9) == [NODE]
    assert stand.metrics() == {"Name": ("x", True), "Set": ("60", True)}
    fresh = Stand(stand.store)
    fresh.dock.host.remember([NODE])
    assert [one.topic for one in fresh.dock.passed(NOW + 9)] == ["spBv1.0/g/NCMD/n"]
    assert fresh.dock.passed(NOW + 10) == [], "each once in a while"


def test_what_could_not_be_kept_is_kept_the_next_time(stand: Stand) -> None:
    stand.hear(stand.node.changed("d", "Set", 61, NOW).publishes, NOW + 1)
    _, refused, moved = stand.dock.taken()
    stand.dock.not_kept(refused, moved, NOW + 1)
    stand.keep()
    assert stand.metrics()["Set"] == ("61", False)


def test_all_metrics_together_have_a_bound(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "WEIGHT_MAX", 4 * docked.METRIC_COSTS + 100)
    stand.hear(stand.node.joins("e", {"A": Telling(DataType.STRING, "x" * 200)}, NOW).publishes)
    stand.keep()
    assert [one.source.device for one in stand.store.standings()] == ["", "d"]
    assert [(why, count) for why, count, _ in stand.store.refused()] == [(Why.FULL, 1)]


def test_a_node_that_invents_devices_keeps_a_bounded_number(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloud.watch.docking.keeping.store.DEVICES_MAX", 3)
    for at in range(8):
        fresh = Node(NODE, {}, NOW + at)
        fresh.connecting(at, NOW + at)
        stand.hear(fresh.connected(NOW + at).publishes, NOW + at)
        stand.hear(fresh.joins(f"d{at}", {"A": Telling(DataType.INT8, 1)}, NOW + at).publishes, NOW + at)
        stand.keep(NOW + at)
    found = stand.store.standings()
    assert len(found) <= 1 + 1 + 3 + 1
    assert any(one.source.device == "d7" for one in found)


def test_texts_of_strangers_are_cut_and_made_printable(stand: Stand) -> None:
    stand.hear(stand.node.changed("d", "Name", "\x1b[31m" + "x" * 500, NOW).publishes, NOW + 1)
    stand.keep()
    told = stand.metrics()["Name"][0]
    assert told is not None
    assert told.startswith("·[31m")
    assert len(told) <= 201


def test_accounts_are_bounded_and_of_their_own(store: DockingStore) -> None:
    one = account("a", Speech.SPARKPLUG, "g", "n", "s")
    store.add_account(one, NOW, "王芳")
    for other in (one, account("b", Speech.SPARKPLUG, "g", "n", "s")):
        with pytest.raises(ConfigFault):
            store.add_account(other, NOW, "王芳")
    for at in range(ACCOUNTS_MAX - 1):
        store.add_account(account(f"x{at}", Speech.HTTP, "", "", "s"), NOW, "王芳")
    with pytest.raises(ConfigFault):
        store.add_account(account("y", Speech.HTTP, "", "", "s"), NOW, "王芳")


def test_with_an_account_goes_what_it_has_shown(stand: Stand) -> None:
    stand.store.add_account(account("a", Speech.SPARKPLUG, "g", "n", "s"), NOW, "王芳")
    stand.store.remove_account("a")
    assert (stand.store.standings(), stand.store.metrics(), stand.store.accounts()) == ([], [], [])
    with pytest.raises(ConfigFault):
        stand.store.remove_account("a")


def test_names_of_sources() -> None:
    assert source_named("g/n") == NODE
    assert source_named(name_of(DEVICE)) == DEVICE
    for none in ("g", "g/", "/n", "g/n/"):
        with pytest.raises(ConfigFault):
            source_named(none)


def test_nobody_is_listened_to_who_was_not_admitted(stand: Stand) -> None:
    stand.dock.admit([Source("g", "other")])
    stand.hear(stand.node.closing(NOW + 1).publishes, NOW + 1)
    updates, refused, _ = stand.dock.taken()
    assert (updates, refused, stand.dock.host.nodes) == ([], {Why.STRANGER: 1}, {})


def test_who_was_born_before_we_heard_that_it_is_admitted_is_asked_for_another_birth(store: DockingStore) -> None:
    """A broker reads its rights sooner than we do; a quiet device would never speak again."""
    stand = Stand(store)
    stand.dock.admit([])
    stand.born()
    assert stand.dock.passed(NOW) == []
    stand.dock.admit([NODE, Source("g", "never-spoke")])
    (asked,) = stand.dock.passed(NOW)
    stand.hear(stand.node.received(asked.topic, asked.payload, NOW).publishes)
    stand.keep()
    assert stand.metrics() == {"Name": ("x", False), "Set": ("60", False)}
    assert stand.dock.passed(NOW + 60_000) == []


def test_strangers_are_remembered_up_to_a_bound(stand: Stand) -> None:
    stand.dock.admit([])
    many = [Source("x", f"n{number}") for number in range(STRANGERS_MAX + 5)]
    for one in many:
        stand.hear(Node(one, {}, NOW).connected(NOW).publishes)
    stand.dock.admit(many)
    assert len(stand.dock.passed(NOW)) == STRANGERS_MAX


@pytest.mark.parametrize(
    ("datatype", "octets", "told"),
    [
        (DataType.INT16_ARRAY, b"\1\0\2\0", "1, 2"),
        (DataType.INT8_ARRAY, bytes(9), "0, 0, 0, 0, 0, 0, 0, 0, …"),
        (DataType.DATASET, b"\x08\x01\x12\x01n\x18\x01\x22\x04\x0a\x02\x08\x05", "1 × 1"),
        (DataType.TEMPLATE, b"\x12\x03\x0a\x01S\x22\x01M", "M: S"),
        (DataType.INT16_ARRAY, b"\1", "? 1 B"),
        (DataType.BYTES, b"abc", "3 B"),
    ],
)
def test_what_is_inside_of_bytes_is_shown(datatype: DataType, octets: bytes, told: str) -> None:
    assert text(Shown(datatype, octets, NOW)) == told
