"""Host and node in one seeded world that loses, doubles and disorders what they say.

The law: when the world has been good for a while, the host shows what the node has, nothing stale; what it heard was
said; it asks seldom; and no death that belongs to another birth kills.
Broken on purpose, it is seen to fail.
"""

import random
from collections.abc import Callable

import pytest

from cloud.watch.docking.sparkplug import host as host_module
from cloud.watch.docking.sparkplug import node as node_module
from cloud.watch.docking.sparkplug.docked import DockedNode
from cloud.watch.docking.sparkplug.host import ASK_MS, ASKS_MAX, REORDER_MS, Born, Died, Host, Outcome, Said
from cloud.watch.docking.sparkplug.node import Node, Telling
from cloud.watch.docking.sparkplug.payload import DataType, decoded
from cloud.watch.docking.sparkplug.terms import after, bd_seq_of
from cloud.watch.docking.sparkplug.topics import Publish, Source

AT = 1_764_300_000_000
SOURCE = Source("g", "n")
DEVICES = ("", "a", "b", "c")
SEEDS = range(40)
STEPS, TICK_MS, LATE_MS = 400, 50, 900


class World:
    """One node, one host, and a server between them that a seed makes bad."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.now, self.bd_seq, self.is_bad = AT, 0, True
        self.host, self.node = Host("ykt"), self.made()
        self.on_way: list[tuple[int, int, Publish, bool]] = []
        self.said: set[object] = set()
        self.heard: list[Said] = []
        self.asks = self.wrongly_dead = 0
        self.born_bd: int | None = None
        self.host.connecting(self.now)
        self.send([self.host.connected()], to_node=True)
        self.connect()

    def made(self) -> Node:
        node = Node(SOURCE, {"v": Telling(DataType.INT32, 0)}, self.now, "ykt")
        for device in DEVICES[1:]:
            node.joins(device, {"v": Telling(DataType.INT32, 0)}, self.now)
        return node

    def connect(self) -> None:
        """A new session; the server hands out the retained state."""
        self.bd_seq = after(self.bd_seq)
        self.will = self.node.connecting(self.bd_seq, self.now)
        self.send(self.node.connected(self.now).publishes)
        retained = self.host.connected()
        self.send(self.node.received(retained.topic, retained.payload, self.now).publishes)

    def send(self, publishes: list[Publish], to_node: bool = False) -> None:
        for one in publishes:
            for _ in range(self.copies(one)):
                late = self.rng.randrange(LATE_MS) if self.is_bad and self.rng.random() < 0.1 else 0
                self.on_way.append(
                    (self.now + late, len(self.on_way) + self.rng.randrange(3) * self.is_bad, one, to_node)
                )

    def copies(self, one: Publish) -> int:
        return self.rng.choice((0, 1, 1, 1, 1, 1, 1, 1, 2)) if self.is_bad and one.qos == 0 else 1

    def tick(self) -> None:
        self.now += TICK_MS
        due = sorted((one for one in self.on_way if one[0] <= self.now), key=lambda one: one[:2])
        self.on_way = [one for one in self.on_way if one[0] > self.now]
        for _, _, publish, to_node in due:
            self.arrives(publish, to_node)
        self.take(self.host.passed(self.now))

    def arrives(self, publish: Publish, to_node: bool) -> None:
        if to_node:
            self.send(self.node.received(publish.topic, publish.payload, self.now).publishes)
        else:
            out = self.host.received(publish.topic, publish.payload, self.now)
            self.judge(publish, out)
            self.take(out)

    def judge(self, publish: Publish, out: Outcome) -> None:
        bd_seq = bd_seq_of(decoded(publish.payload)) if "spBv1.0/g/N" in publish.topic else None
        if any(isinstance(one, Born) and one.source == SOURCE for one in out.events):
            self.born_bd = bd_seq
        elif any(isinstance(one, Died) and one.source == SOURCE for one in out.events):
            self.wrongly_dead += bd_seq != self.born_bd

    def take(self, out: Outcome) -> None:
        self.asks += len(out.publishes)
        self.heard += [one for one in out.events if isinstance(one, Said)]
        self.send(out.publishes, to_node=True)

    def change(self) -> None:
        device, value = self.rng.choice(DEVICES), self.rng.randrange(-(2**31), 2**31)
        self.said.add((device, value))
        self.send(self.node.changed(device, "v", value, self.now).publishes)

    def break_off(self) -> None:
        """The line is cut: the server tells the will, at QoS 1, and it may be late."""
        self.node.disconnected()
        self.on_way.append((self.now + self.rng.randrange(LATE_MS), 0, self.will, False))
        self.change()
        self.connect()

    def run(self) -> None:
        for _ in range(STEPS):
            if self.rng.random() < 0.5:
                self.change()
            if self.rng.random() < 0.02:
                self.break_off()
            self.tick()
        self.is_bad = False
        for _ in range((ASK_MS + REORDER_MS + LATE_MS) * 3 // TICK_MS):
            self.tick()
        self.change()
        for _ in range((ASK_MS + REORDER_MS) * 2 // TICK_MS):
            self.tick()

    def broken(self) -> list[str]:
        """What does not hold."""
        node = self.host.nodes.get(SOURCE, DockedNode())
        found = [] if node.is_online and not node.is_lost and not node.waiting else ["the node is not there"]
        for device in DEVICES:
            docked = node.of(SOURCE._replace(device=device))
            shown = docked.metrics.get("v") if docked else None
            held = self.node._sources[device]["v"].value
            if shown is None or shown.is_stale or shown.value != held:
                found.append(f"{device or 'node'} shows {shown}, has {held}")
        if any((one.source.device, one.shown.value) not in self.said for one in self.heard if one.name == "v"):
            found.append("a value that nobody said")
        if self.wrongly_dead:
            found.append("dead by another birth's death")
        if self.asks > (self.now - AT) // ASK_MS + ASKS_MAX * 4:
            found.append(f"asked {self.asks} times")
        return found


@pytest.mark.parametrize("seed", SEEDS)
def test_the_host_comes_to_show_what_the_node_has(seed: int) -> None:
    world = World(seed)
    world.run()
    assert world.broken() == []
    assert world.heard


def never_asks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Host, "_ask", lambda *_: None)


def takes_all_as_it_comes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Host, "_in_order", lambda self, node, seq, message, now, out: self._take(node, message, now, out))


def dies_of_any_death(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(host_module, "bd_seq_of", lambda _: 1)


def never_counts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(node_module, "after", lambda number: number)


def forgets_its_devices(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Node, "_device_birth", lambda *_: None)


@pytest.mark.parametrize(
    "plant", [never_asks, takes_all_as_it_comes, dies_of_any_death, never_counts, forgets_its_devices]
)
def test_a_planted_defect_is_seen(plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    worlds = [World(seed) for seed in SEEDS[:10]]
    for world in worlds:
        world.run()
    assert any(world.broken() for world in worlds)
