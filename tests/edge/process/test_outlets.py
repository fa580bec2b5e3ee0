"""Messages out: a deaf peer delays nobody else, queues are bounded, order within a place holds."""

import asyncio

from edge.box.values.effects import Send
from edge.process import outlets
from edge.process.outlets import Outlets


class Wire:
    """A link whose peers may be deaf: their `send` waits until they are told to listen."""

    def __init__(self):
        self.taken = []
        self.deaf: dict[int, asyncio.Event] = {}
        self.refusing = set()

    async def send(self, peer, message, urgent=False):
        if peer in self.deaf:
            await self.deaf[peer].wait()
        if peer in self.refusing:
            return False
        self.taken.append((peer, message, urgent))
        return True

    def on_message(self, callback):
        raise NotImplementedError

    def on_peer(self, callback):
        raise NotImplementedError

    def ask_proven(self, callback):
        raise NotImplementedError

    async def run(self):
        raise NotImplementedError

    def counters(self):
        return {}


def play(scene):
    async def main():
        wire, faults = Wire(), []
        await scene(wire, Outlets({"can0": wire}, faults.append), faults)

    asyncio.run(main())


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


def test_order_within_a_place():
    async def scene(wire, out, faults):
        for n in range(5):
            out.send(Send("can0", 1, b"%d" % n, n == 3))
        await settle()
        assert wire.taken == [(1, b"%d" % n, n == 3) for n in range(5)]
        out.send(Send("can0", 1, b"again"))
        await settle()
        assert wire.taken[-1] == (1, b"again", False)
        assert out._queues == {}

    play(scene)


def test_deaf_peer_delays_nobody_else():
    async def scene(wire, out, faults):
        wire.deaf[1] = asyncio.Event()
        out.send(Send("can0", 1, b"late"))
        out.send(Send("can0", 2, b"now"))
        await settle()
        assert wire.taken == [(2, b"now", False)]
        wire.deaf[1].set()
        await settle()
        assert wire.taken[-1] == (1, b"late", False)

    play(scene)


def test_queue_of_a_place_is_bounded(monkeypatch):
    monkeypatch.setattr(outlets, "QUEUE_MAX", 3)

    async def scene(wire, out, faults):
        wire.deaf[1] = asyncio.Event()
        out.send(Send("can0", 1, b"under way"))
        await settle()
        for n in range(5):
            out.send(Send("can0", 1, b"%d" % n))
        assert out.counters["outlet_full"] == 2
        wire.deaf[1].set()
        await settle()
        assert [message for _, message, _ in wire.taken] == [b"under way", b"0", b"1", b"2"]

    play(scene)


def test_message_that_is_not_taken_is_counted():
    async def scene(wire, out, faults):
        wire.refusing.add(1)
        out.send(Send("can0", 1, b"x"))
        await settle()
        assert out.counters["untaken"] == 1

    play(scene)


def test_defect_of_a_link_is_told():
    async def scene(wire, out, faults):
        async def broken(peer, message, urgent=False):
            raise ValueError("a message of 0 bytes")

        wire.send = broken
        out.send(Send("can0", 1, b""))
        await settle()
        assert [type(fault) for fault in faults] == [ValueError]

    play(scene)


