"""The key process: the only one that opens the key store; others ask it for operations over a unix socket (mode 0600).

One thread, one event loop. Bounds: CONNECTIONS_MAX connections (one more is closed at once), FRAME_MAX bytes a frame
(a longer one closes its connection), FRAME_S for the rest of a frame and for an answer to be taken, IDLE_S between
frames (then the connection is closed; a client makes another). Leaves no core dump. Logs counts, never contents.
"""

import asyncio
import ctypes
import json
import os
import resource
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

from provisioning import custody, key_files
from provisioning.custody_chain import Act, events_of
from provisioning.key_operations import KeyOperations
from provisioning.key_store import Level
from shared.campus_clock import WALL
from shared.errors import ConfigFault
from shared.wire.keyproc import FRAME_MAX, LENGTH

CONNECTIONS_MAX = 16
FRAME_S = 10.0
IDLE_S = 300.0
STATUS_S = 1.0
BACKLOG = 16
SOCKET_PATH_MAX = 107
_PR_SET_DUMPABLE = 4


class KeyServer:
    """Answers framed requests on a listening unix socket until it is told to stop."""

    def __init__(self, operations: KeyOperations, frame_s: float = FRAME_S, idle_s: float = IDLE_S) -> None:
        self._operations = operations
        self._frame_s = frame_s
        self._idle_s = idle_s
        self._conversations: set[asyncio.Task[None]] = set()
        self.turned_away = 0
        self.dropped = 0

    @property
    def connections(self) -> int:
        """Open connections."""
        return len(self._conversations)

    async def serve(self, listening: socket.socket, stop: asyncio.Event) -> None:
        """Serve until `stop`; then every connection is closed."""
        server = await asyncio.start_unix_server(self._greet, sock=listening)
        try:
            await stop.wait()
        finally:
            server.close()
            talks = list(self._conversations)
            for talk in talks:
                talk.cancel()
            await asyncio.gather(*talks, return_exceptions=True)

    def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._conversations) >= CONNECTIONS_MAX:
            self.turned_away += 1
            writer.close()
            return
        talk = asyncio.get_running_loop().create_task(self._converse(reader, writer))
        self._conversations.add(talk)
        talk.add_done_callback(self._conversations.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await self._frame(reader):
                answer = self._operations.answer(request)
                writer.write(LENGTH.pack(len(answer)) + answer)
                async with asyncio.timeout(self._frame_s):
                    await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            self.dropped += 1
        finally:
            writer.close()

    async def _frame(self, reader: asyncio.StreamReader) -> bytes:
        """The next request; empty when the peer went, said nothing for long, or announced an impossible length."""
        try:
            async with asyncio.timeout(self._idle_s):
                first = await reader.read(1)
        except TimeoutError:
            return b""
        if not first:
            return b""
        async with asyncio.timeout(self._frame_s):
            (size,) = LENGTH.unpack(first + await reader.readexactly(LENGTH.size - 1))
            if not 0 < size <= FRAME_MAX:
                self.dropped += 1
                return b""
            return await reader.readexactly(size)


def serve_keys(data: Path, path: Path, passphrase_file: Path | None, *, end_with_stdin: bool) -> None:
    """Open the school's store, write the custody log, serve until SIGTERM, SIGINT or the end of stdin.

    ConfigFault when the socket is taken or its path too long; KeyFault when the store does not open; OSError.
    """
    leave_no_core()
    listening = listen(path)
    try:
        school = key_files.open_level(data, Level.SCHOOL, passphrase_file)
        opened = events_of(school, Act.OPENED, WALL.at(time.time()))
        head = custody.append(data / key_files.FOLDER / key_files.CUSTODY, opened)
        operations = KeyOperations(school)
        asyncio.run(_run(operations, listening, head, end_with_stdin=end_with_stdin))
    finally:
        listening.close()
        path.unlink(missing_ok=True)


def leave_no_core() -> None:
    """No core dump of this process, by file or by pipe, and no reading of its memory by its own user."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(AttributeError):  # not Linux: the limit above is what there is
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def listen(path: Path) -> socket.socket:
    """A listening socket of mode 0600; ConfigFault when another process answers there. A dead one is replaced."""
    if len(os.fsencode(path)) > SOCKET_PATH_MAX:
        raise ConfigFault(f"--socket: 路径最长 {SOCKET_PATH_MAX} 字节 / the path has at most so many bytes")
    if _answers(path):
        raise ConfigFault(f"{path}: 已有密钥进程 / a key process is already there")
    if path.is_socket():
        path.unlink()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        listening.bind(str(path))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    finally:
        os.umask(mask)
    listening.setblocking(False)
    return listening


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(STATUS_S)
        try:
            probe.connect(str(path))
        except TimeoutError:
            return True
        except OSError:
            return False
        return True


async def _run(operations: KeyOperations, listening: socket.socket, head: bytes, *, end_with_stdin: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if end_with_stdin:
        _watch_stdin(loop, stop)
    server = KeyServer(operations)
    status = loop.create_task(_report(server, operations, head, stop))
    _say("READY keys")
    await server.serve(listening, stop)
    await status


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    def gone() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            loop.remove_reader(sys.stdin.fileno())
            stop.set()

    try:
        loop.add_reader(sys.stdin.fileno(), gone)
    except PermissionError:  # a plain file or /dev/null: it is at its end already
        stop.set()


async def _report(server: KeyServer, operations: KeyOperations, head: bytes, stop: asyncio.Event) -> None:
    """One STATUS line a second; a launcher that no longer reads has gone, which is a reason to end."""
    while not stop.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(STATUS_S):
                await stop.wait()
        try:
            _say("STATUS " + json.dumps(_status(server, operations, head)))
        except BrokenPipeError:
            stop.set()


def _status(server: KeyServer, operations: KeyOperations, head: bytes) -> dict[str, object]:
    counts = operations.counts
    return {
        "connections": server.connections,
        "turned_away": server.turned_away,
        "dropped": server.dropped,
        "requests": counts.requests,
        "refused": counts.refused,
        "tac_items": counts.tac_items,
        "tac_wrong": counts.tac_wrong,
        "load_checks": counts.load_checks,
        "load_mac2": counts.load_mac2,
        "custody_head": head.hex()[:16],
    }


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
