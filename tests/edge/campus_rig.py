"""A box as a process, terminals over real TCP, and a cloud over a real broker: the field of rig.py with sockets."""

import json
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from edge.link.tcp.framing import FrameDecoder, encode
from edge.process.mqtt import Arrived, BrokerSetting, Connected, Event, MqttLine
from shared.keys.ack_key import certify
from shared.wire import topics
from shared.wire.fleet_lane import Held, PagesWanted, Reported, encode_fleet_down
from shared.wire.messages import (
    EpochRequest,
    Fact,
    Hello,
    decode_batch,
    decode_now_up,
    decode_state,
    encode_ack,
)
from tests.edge.fleet_rig import Centre
from tests.edge.rig import ACK_KEY, BOX, OTHER_KEY, PARTITION, Body, Ledger, device, purchase
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]


def until(condition, what, poll=None):
    """Poll a condition with a bound."""
    last_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < last_s, what
        if poll is not None:
            poll()
        else:
            time.sleep(0.01)


def edge_json(bodies=3, **changes):
    """A box with TCP terminals 1..n, whose keys are those of rig.Body."""
    ack = ACK_KEY.public_key().public_bytes_raw()
    terminals = [
        {"device": device(n).hex(), "name": f"pos-{n:02d}", "kind": "pos", "link": "tcp", "address": 0,
         "key": (bytes((n,)) * 16).hex(), "key_version": 1}
        for n in range(1, bodies + 1)
    ]  # fmt: skip
    return {
        "format": 1, "box": BOX, "partition": PARTITION, "campus": 1, "demo": True,
        "campus_key": OTHER_KEY.public_key().public_bytes_raw().hex(), "ack_key": ack.hex(),
        "ack_certificate": certify(1, ack, OTHER_KEY).hex(), "hotlist_version": 1, "parameter_version": 1,
        "links": [{"name": "tcp", "kind": "tcp"}], "terminals": terminals,
        "outbox": {"ballast_bytes": 65536}, **changes,
    }  # fmt: skip


class EdgeProcess:
    """`python -m edge run` over one data folder; started, killed and started again."""

    def __init__(self, data, broker_port, settings=None, more=(), program=(sys.executable, "-m")):
        """more: words of its command line. program: what runs it."""
        self.more, self.program = more, program
        self.data = data
        self.folder = data / "boxes" / BOX
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "edge.json").write_text(json.dumps(settings or edge_json()), encoding="utf-8")
        self.broker_port = broker_port
        self.statuses = []
        self.process = None

    def start(self):
        words = ["edge", "run", "--data", str(self.data), "--box", BOX, "--broker", f"127.0.0.1:{self.broker_port}"]
        words += ["--tcp-port", "0", "--tcp-host", "127.0.0.1", "--end-with-stdin", *self.more]
        self.process = subprocess.Popen(
            [*self.program, *words], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.statuses = []
        self.ready = threading.Event()
        self.said = []
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()
        until(lambda: self.statuses or self.process.poll() is not None, "READY and a STATUS")
        assert self.process.poll() is None, self.process.stderr.read()
        assert self.said[0] == "READY edge plain:tcp"
        return self

    def _read(self, process):
        for line in process.stdout:
            self.said.append(line.strip())
            if line.startswith("STATUS "):
                self.statuses.append(json.loads(line[7:]))

    @property
    def status(self):
        return self.statuses[-1]

    @property
    def port(self):
        return self.status["tcp_ports"]["tcp"]

    def kill(self):
        self.process.kill()
        self._ended()

    def stop(self, by_stdin=False):
        """End in order; the exit code."""
        if by_stdin:
            self.process.stdin.close()
        else:
            self.process.send_signal(signal.SIGTERM)
        return self._ended()

    def _ended(self):
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self.errors = self.process.stderr.read()
        for stream in (self.process.stdin, self.process.stderr):
            stream.close()
        until(lambda: self.process.stdout.closed or self._drained(), "output")
        return code

    def _drained(self):
        self.process.stdout.close()
        return True


class Cloud:
    """A ledger behind a real broker."""

    def __init__(self, port, ledger=None):
        self.ledger = ledger or Ledger()
        self.up = []
        self.states = []
        self.centre = Centre(OTHER_KEY)
        """It has no document to begin with."""
        self.answering = True
        self.connects = 0
        lanes = (topics.UP_MONEY, topics.UP_NOW, topics.STATE)
        wanted = tuple((topics.topic(PARTITION, BOX, lane), 1) for lane in lanes)
        setting = BrokerSetting("127.0.0.1", port, "cloud", wanted, "oykt/cloud", b"")
        self.line = MqttLine(setting, self._hear, self._fail, lambda: 0.0)
        self.faults = []
        self.line.start()
        until(lambda: self.connects, "cloud connected")

    def _fail(self, fault):
        self.faults.append(fault)

    def _hear(self, events: list[Event]):
        for event in events:
            self.connects += isinstance(event, Connected)
            if isinstance(event, Arrived):
                self._arrived(topics.parse(event.topic).lane, event.payload)

    def _arrived(self, lane, payload):
        if lane == topics.STATE:
            self.states.append(decode_state(payload))
        elif lane == topics.UP_MONEY and self.answering:
            self._down(topics.DOWN_MONEY, self.ledger.take(decode_batch(payload)))
        elif lane == topics.UP_NOW:
            message = decode_now_up(payload)
            self.up.append(message)
            if isinstance(message, EpochRequest):
                self._down(topics.DOWN_NOW, self.ledger.sign_answer(message.asked, self.ledger.epoch(message)))
            elif isinstance(message, Hello):
                self._down(topics.DOWN_MONEY, encode_ack(self.ledger.sign(self.ledger.ack(message.store))))
            elif isinstance(message, Held | PagesWanted | Reported):
                self.offer(*self.centre.answers(message))

    def offer(self, *messages):
        """Documents go down."""
        for message in messages:
            self._down(topics.DOWN_BULK, encode_fleet_down(message))

    def _down(self, lane, payload):
        self.line.publish(topics.topic(PARTITION, BOX, lane), payload)

    def facts(self):
        return [message.code for message in self.up if isinstance(message, Fact)]

    def said(self, kind):
        return [message for message in self.up if isinstance(message, kind)]

    def stop(self):
        self.line.stop()
        assert self.faults == []


class Terminals:
    """Bodies over TCP, all driven from one thread: `pump` moves what can move now."""

    def __init__(self, port_of):
        self.port_of = port_of
        self.bodies: dict[int, Body] = {}
        self.sockets: dict[int, socket.socket] = {}
        self.readers: dict[int, FrameDecoder] = {}
        self.refreshed: dict[int, float] = {}
        self.told: dict[int, object] = {}
        """The WELCOME after which it has said which documents it holds."""

    def add(self, number):
        self.bodies[number] = Body(number)
        return self.bodies[number]

    def say(self, number, message):
        try:
            self.sockets[number].sendall(encode(message))
        except OSError:
            self._drop(number)

    def sell(self, number):
        """A sale if this body may sell now; True when it did."""
        body = self.bodies[number]
        if not body.current:
            return False
        if body.welcome is not None and number in self.sockets:
            self.say(number, body.sell())
        else:
            body.last[body.current] += 1
            seq = body.last[body.current]
            body.rings[body.current][seq] = body.written[(body.current, seq)] = purchase(seq)
        return True

    def pump(self, wait_s=0.02):
        """Connect who is not connected, read what came, send again what is not answered for half a second."""
        for number, body in self.bodies.items():
            if number not in self.sockets:
                self._connect(number, body)
        ready, _, _ = select.select(list(self.sockets.values()), [], [], wait_s)
        for number, sock in list(self.sockets.items()):
            if sock in ready:
                self._read(number, sock)
        now = time.monotonic()
        for number, body in self.bodies.items():
            if number in self.sockets and now - self.refreshed[number] > 0.5:
                self.refreshed[number] = now
                self._refresh(number, body)

    def _refresh(self, number, body):
        if body.welcome is None or not body.current:
            self.say(number, body.hello())
            return
        for message in body.resend():
            self.say(number, message)
        if number in self.sockets:
            self.say(number, body.status())
        if body.holder is not None and self.told.get(number) is not body.welcome:
            self.told[number] = body.welcome
            for message in body.reports():
                self.say(number, message)

    def _connect(self, number, body):
        try:
            sock = socket.create_connection(("127.0.0.1", self.port_of()), 1.0)
        except OSError:
            time.sleep(0.02)
            return
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sockets[number], self.readers[number] = sock, FrameDecoder()
        self.refreshed[number] = time.monotonic()
        self.say(number, body.hello())

    def _read(self, number, sock):
        try:
            data = sock.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._drop(number)
            return
        for message in self.readers[number].feed(data):
            for answer in self.bodies[number].hear(message):
                self.say(number, answer)

    def _drop(self, number):
        sock = self.sockets.pop(number, None)
        if sock is not None:
            sock.close()
        self.bodies[number].welcome = None

    def until(self, condition, what):
        until(condition, what, self.pump)

    def close(self):
        for sock in self.sockets.values():
            sock.close()


def threads_of(pid):
    return len([*Path(f"/proc/{pid}/task").iterdir()])

