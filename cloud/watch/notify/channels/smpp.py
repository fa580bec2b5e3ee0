"""SMS by a gateway (SMSC) that speaks SMPP 3.4: one connection, kept; parts, receipts, answers.

A gateway that says nothing for ANSWER_S, hangs up or refuses the bind has not taken the message, and is not asked for
REST_S whether it has heard something. A connection that breaks after a part went may mean that the part goes twice.
"""

import socket
import ssl
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from cloud.watch.notify.channels import smpp_pdu
from cloud.watch.notify.channels.door import HEARD_MAX, Arrived, Awaited, ChannelFault, Given, Heard, Reply
from cloud.watch.notify.channels.smpp_pdu import ANSWER, Pdu, Receipt
from cloud.watch.notify.queue import Message
from shared.errors import WireFault

ANSWER_S = 10.0
REST_S = 10.0
IDLE_S = 30.0
"""After so long without a word the gateway is asked whether it is there (enquire_link)."""
_LOOK_S = 0.001
_READ = 4096
_UNKNOWN_COMMAND = 0x03
_FOR_GOOD = frozenset({0x0B})
"""ESME_RINVDSTADR: no such number. All else may be otherwise later."""
_FOR_ALL = frozenset({0x14, 0x58})
"""ESME_RMSGQFUL, ESME_RTHROTTLED."""


@dataclass(frozen=True, slots=True)
class SmppServer:
    """A gateway, and who we are there. source: the number that people see and answer to."""

    host: str
    port: int
    source: str
    system_id: str
    password: str = field(default="", repr=False)
    tls: bool = True
    ca: str = ""
    """PEM file of a school's own authority; empty: the system's."""


class SmppDoor:
    """At a gateway. Belongs to one thread."""

    def __init__(self, server: SmppServer) -> None:
        self._server = server
        self._line: socket.socket | None = None
        self._buffer = b""
        self._sequence = self._group = 0
        self._rests_until_s = self._heard_s = 0.0
        self._heard: deque[Arrived | Reply] = deque(maxlen=10 * HEARD_MAX)

    def send(self, message: Message) -> Given:
        """The gateway's numbers of its parts, as `7+8`."""
        try:
            parts = smpp_pdu.submits(self._server.source, message.address, message.text, self._group)
        except ValueError as fault:
            raise ChannelFault(str(fault), for_good=True) from fault
        self._group = (self._group + 1) % 256
        with self._faults():
            numbers = tuple(smpp_pdu.plain(self._submit(part)) for part in parts)
        return Given("+".join(numbers), numbers)

    def heard(self, awaited: Awaited = tuple) -> Heard:  # noqa: ARG002  # the protocol's
        """Receipts and answers that the gateway has handed over."""
        if self._line is None and time.monotonic() < self._rests_until_s:
            raise ChannelFault("SMSC: away")
        with self._faults():
            self._opened()
            for _ in range(HEARD_MAX):
                if (came := self._next(_LOOK_S)) is None:
                    break
                self._take(came)
            if time.monotonic() - self._heard_s >= IDLE_S:
                self._ask(smpp_pdu.ENQUIRE, b"")
        return [self._heard.popleft() for _ in range(min(len(self._heard), HEARD_MAX))]

    def close(self) -> None:
        """Let the connection go; it is opened again when it is wanted."""
        line, self._line, self._buffer = self._line, None, b""
        if line is not None:
            line.close()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """What the connection raises becomes ChannelFault, and it is let go; what the gateway refuses leaves it be."""
        try:
            yield
        except (OSError, WireFault) as fault:
            self.close()
            self._rests_until_s = time.monotonic() + REST_S
            said = str(fault) if isinstance(fault, WireFault) else type(fault).__name__
            raise ChannelFault(f"SMSC: {said}", for_all=True) from fault

    def _opened(self) -> socket.socket:
        if self._line is None:
            self._line = self._connected()
            server = self._server
            status = self._ask(smpp_pdu.BIND, smpp_pdu.bind(server.system_id, server.password)).status
            if status:
                raise WireFault(f"bind 0x{status:02X}")
        return self._line

    def _connected(self) -> socket.socket:
        server = self._server
        line = socket.create_connection((server.host, server.port), ANSWER_S)
        self._heard_s = time.monotonic()
        if not server.tls:
            return line
        with _closed_on_fault(line):
            context = ssl.create_default_context(cafile=server.ca or None)
            return context.wrap_socket(line, server_hostname=server.host)

    def _submit(self, body: bytes) -> str:
        self._opened()
        answer = self._ask(smpp_pdu.SUBMIT, body)
        if answer.status or answer.command == smpp_pdu.NACK:
            status = answer.status
            raise ChannelFault(f"SMSC 0x{status:02X}", for_good=status in _FOR_GOOD, for_all=status in _FOR_ALL)
        return smpp_pdu.number_of(answer.body)

    def _ask(self, command: int, body: bytes) -> Pdu:
        """Its answer; what is handed over before it is taken aside."""
        self._sequence = sequence = self._sequence % smpp_pdu.SEQUENCE_MAX + 1
        self._say(Pdu(command, 0, sequence, body))
        last_s = time.monotonic() + ANSWER_S
        while (left_s := last_s - time.monotonic()) > 0:
            came = self._next(left_s)
            if came is None:
                break
            if came.sequence == sequence and came.command in (command | ANSWER, smpp_pdu.NACK):
                return came
            self._take(came)
        raise WireFault("says nothing")

    def _next(self, wait_s: float) -> Pdu | None:
        """The next frame; None: none came in time, and what came of it is kept."""
        last_s = time.monotonic() + wait_s
        while (found := smpp_pdu.framed(self._buffer)) is None:
            line = self._opened()
            line.settimeout(max(last_s - time.monotonic(), _LOOK_S))
            try:
                more = line.recv(_READ)
            except TimeoutError:
                return None
            if not more:
                raise WireFault("hung up")
            self._buffer += more
        pdu, self._buffer = found
        self._heard_s = time.monotonic()
        return pdu

    def _say(self, pdu: Pdu) -> None:
        line = self._opened()
        line.settimeout(ANSWER_S)
        line.sendall(smpp_pdu.encoded(pdu))

    def _take(self, came: Pdu) -> None:
        """What the gateway says by itself. What cannot be read is answered all the same, or it comes for ever."""
        if came.command & ANSWER:
            return
        if came.command not in (smpp_pdu.ENQUIRE, smpp_pdu.DELIVER, smpp_pdu.UNBIND):
            self._say(Pdu(smpp_pdu.NACK, _UNKNOWN_COMMAND, came.sequence))
            return
        body = b"\0" if came.command == smpp_pdu.DELIVER else b""
        self._say(Pdu(came.command | ANSWER, 0, came.sequence, body))
        if came.command == smpp_pdu.UNBIND:
            raise WireFault("unbound")
        if came.command == smpp_pdu.DELIVER:
            self._handed_over(came.body)

    def _handed_over(self, body: bytes) -> None:
        try:
            found = smpp_pdu.delivered(body)
        except WireFault:
            return
        if not isinstance(found, Receipt):
            self._heard.append(Reply(found.address, found.text))
        elif found.is_there is not None:
            self._heard.append(Arrived(smpp_pdu.forms(found.number), found.is_there, found.address))


@contextmanager
def _closed_on_fault(line: socket.socket) -> Iterator[None]:
    try:
        yield
    except OSError:
        line.close()
        raise
