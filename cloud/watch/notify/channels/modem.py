"""SMS by a modem on a serial line (AT commands, 3GPP TS 27.005, PDU mode): parts, status reports, answers.

A modem that says nothing for ANSWER_S, or loses its network, has not taken the message; it is set up anew before the
next one. A message of several parts has arrived when each of them has.
"""

import time
from collections import deque

import serial

from cloud.watch.notify.channels.door import HEARD_MAX, Arrived, Awaited, ChannelFault, Given, Heard, Reply
from cloud.watch.notify.channels.pdu import Deliver, Submit, incoming, submits
from cloud.watch.notify.queue import Message
from shared.errors import WireFault

ANSWER_S = 5.0
SENT_S = 30.0
"""A network may take so long over one part."""
LINE_MAX = 512
_SETUP = ("ATE0", "AT+CMGF=0", "AT+CNMI=2,2,0,1,0")
"""No echo; PDU mode; what comes and status reports are handed over at once."""
_FOR_GOOD = ("+CMS ERROR: 1", "+CMS ERROR: 28")
"""No such number."""


class ModemDoor:
    """At a serial device. Belongs to one thread."""

    def __init__(self, device: str, baud: int = 115_200) -> None:
        self._device, self._baud = device, baud
        self._line: serial.Serial | None = None
        self._group = 0
        self._heard: deque[Arrived | Reply] = deque(maxlen=10 * HEARD_MAX)
        self._announced = ""

    def send(self, message: Message) -> Given:
        """The modem's numbers of its parts, from 0 to 255, as `7+8`."""
        try:
            parts = submits(message.address, message.text, self._group)
        except ValueError as fault:
            raise ChannelFault(str(fault), for_good=True) from fault
        self._group = (self._group + 1) % 256
        with _Faults(self):
            numbers = tuple(str(self._send(part)) for part in parts)
        return Given("+".join(numbers), numbers)

    def heard(self, awaited: Awaited = tuple) -> Heard:  # noqa: ARG002  # the protocol's
        """Status reports and answers that the modem has handed over."""
        with _Faults(self):
            line = self._opened()
            while line.in_waiting:
                self._take(self._read(ANSWER_S))
        return [self._heard.popleft() for _ in range(min(len(self._heard), HEARD_MAX))]

    def close(self) -> None:
        """Let the line go; it is opened again when it is wanted."""
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _opened(self) -> serial.Serial:
        if self._line is None:
            self._line = serial.Serial(
                self._device, self._baud, timeout=ANSWER_S, write_timeout=ANSWER_S, exclusive=True
            )
            for command in _SETUP:
                self._ask(command, ANSWER_S)
        return self._line

    def _send(self, part: Submit) -> int:
        line = self._opened()
        self._write(f"AT+CMGS={part.length}")
        self._prompted(line)
        line.write(part.octets.hex().upper().encode() + b"\x1a")
        numbers = [one for one in self._answers(SENT_S) if one.startswith("+CMGS:")]
        if len(numbers) != 1:
            raise ChannelFault("no number of the part")
        return int(numbers[0].removeprefix("+CMGS:").split(",")[0])

    def _prompted(self, line: serial.Serial) -> None:
        """Reads up to the prompt, which ends no line; what is handed over before it is taken aside."""
        said, last_s = b"", time.monotonic() + ANSWER_S
        while not said.endswith(b"> "):
            line.timeout = max(last_s - time.monotonic(), 0.01)
            char = line.read(1)
            if not char or len(said) > LINE_MAX:
                raise ChannelFault("no prompt", for_all=True)
            said += char
            if char == b"\n":
                self._passed_over(said.decode("ascii", "replace").strip())
                said = b""

    def _passed_over(self, said: str) -> None:
        if "ERROR" in said:
            raise ChannelFault(said, for_good=said in _FOR_GOOD)
        self._take(said)

    def _ask(self, command: str, wait_s: float) -> list[str]:
        self._write(command)
        return self._answers(wait_s)

    def _answers(self, wait_s: float) -> list[str]:
        """Lines up to OK; what is handed over in between is taken aside."""
        found: list[str] = []
        last_s = time.monotonic() + wait_s
        while (left_s := last_s - time.monotonic()) > 0:
            said = self._read(left_s)
            if said == "OK":
                return found
            if not self._take(said):
                self._passed_over(said)
                found.append(said)
        raise ChannelFault("the modem says nothing", for_all=True)

    def _write(self, command: str) -> None:
        self._opened().write(command.encode("ascii") + b"\r")

    def _read(self, wait_s: float) -> str:
        line = self._opened()
        line.timeout = max(wait_s, 0.01)
        return str(line.read_until(b"\n", LINE_MAX).decode("ascii", "replace").strip())

    def _take(self, said: str) -> bool:
        """Is this something that the modem hands over by itself?"""
        if self._announced:
            self._announced = ""
            self._handed_over(said)
            return True
        if said.startswith(("+CMT:", "+CDS:")):
            self._announced = said
            return True
        return not said or said.startswith(("AT", "RING", "^", "+CREG"))

    def _handed_over(self, hexadecimal: str) -> None:
        try:
            came = incoming(bytes.fromhex(hexadecimal))
        except (ValueError, WireFault):
            return
        if isinstance(came, Deliver):
            self._heard.append(Reply(came.number, came.text))
        elif came.is_final:
            self._heard.append(Arrived((str(came.reference),), came.has_arrived, came.number))


class _Faults:
    """What the line raises becomes ChannelFault, and the line is let go."""

    def __init__(self, door: ModemDoor) -> None:
        self._door = door

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: object) -> None:
        if isinstance(fault, ChannelFault):
            if not fault.for_good:
                self._door.close()
        elif isinstance(fault, serial.SerialException | OSError | ValueError):
            self._door.close()
            raise ChannelFault(f"modem: {type(fault).__name__}", for_all=True) from fault
