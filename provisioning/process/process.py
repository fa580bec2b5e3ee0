"""The key process: the only one that opens the keys; others ask it for operations over unix sockets (mode 0600; 0660
for the group of a folder that was made for one).

Each socket has a role, which says what may be asked there. One thread, one event loop. Bounds: CONNECTIONS_MAX
connections (one more is closed at once), FRAME_MAX bytes a frame (a longer one closes its connection), FRAME_S for the
rest of a frame and for an answer to be taken, IDLE_S between frames (then the connection is closed; a client makes
another). Leaves no core dump. Logs counts, never contents.
"""

import asyncio
import json
import os
import signal
import socket
import stat
import sys
import time
from collections import deque
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from provisioning.custody import files as key_files
from provisioning.custody import log as custody
from provisioning.keeper.reopening import HERE, ReopeningKeeper
from provisioning.process.health import healthy
from provisioning.process.memory import leave_no_core, stay_out_of_swap
from provisioning.process.opening import KeeperChoice, ReopeningNeeds, open_keeper
from provisioning.process.operations import KeyOperations
from shared.clocks.campus_clock import WALL
from shared.errors import ConfigFault
from shared.support.watchdog import Duty, Watchdog
from shared.wire.keyproc import FRAME_MAX, LENGTH, Role
from shared.words.health import Health, page_of, spread
from shared.words.voice import Text

CONNECTIONS_MAX = 16
FRAME_S = 10.0
IDLE_S = 300.0
STATUS_S = 1.0
BACKLOG = 16
SOCKET_PATH_MAX = 107
SILENT = "YKT_NO_STATUS"
"""As cloud/process/life.py: no STATUS lines in a log that is kept."""
TIMES_MAX = 1024
"""Of the newest answers, for half and nearly all of them."""


class Answering(Protocol):
    """What stands behind the sockets: any bytes get an answer."""

    def answer(self, request: bytes, role: Any) -> bytes:  # noqa: ANN401  # each server has roles of its own
        """To one frame."""


class KeyServer:
    """Answers framed requests on listening unix sockets, one for each role, until it is told to stop."""

    def __init__(self, operations: Answering, frame_s: float = FRAME_S, idle_s: float = IDLE_S) -> None:
        self._operations = operations
        self._frame_s = frame_s
        self._idle_s = idle_s
        self._conversations: set[asyncio.Task[None]] = set()
        self.turned_away = 0
        self.dropped = 0
        self.answers_s: deque[float] = deque(maxlen=TIMES_MAX)

    @property
    def connections(self) -> int:
        """Open connections."""
        return len(self._conversations)

    async def serve(self, listening: Mapping[Any, socket.socket], stop: asyncio.Event) -> None:
        """Serve until `stop`; then every connection is closed."""
        servers = [
            await asyncio.start_unix_server(partial(self._greet, role), sock=one) for role, one in listening.items()
        ]
        try:
            await stop.wait()
        finally:
            for server in servers:
                server.close()
            talks = list(self._conversations)
            for talk in talks:
                talk.cancel()
            await asyncio.gather(*talks, return_exceptions=True)

    def _greet(self, role: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._conversations) >= CONNECTIONS_MAX:
            self.turned_away += 1
            writer.close()
            return
        talk = asyncio.get_running_loop().create_task(self._converse(role, reader, writer))
        self._conversations.add(talk)
        talk.add_done_callback(self._conversations.discard)

    async def _converse(self, role: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await self._frame(reader):
                began_s = time.monotonic()
                answer = self._operations.answer(request, role)
                self.answers_s.append(time.monotonic() - began_s)
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


def serve_keys(
    data: Path, paths: Mapping[Role, Path], choice: KeeperChoice, *, end_with_stdin: bool, health: Path | None = None,
    for_group: bool = False,
) -> None:  # fmt: skip
    """Open the school's keeper, write the custody log, serve until SIGTERM, SIGINT or the end of stdin.

    health: a further socket, where counts are told and nothing is asked. for_group: sockets are their folder's group's.
    ConfigFault when a socket is taken or its path too long; KeyFault when the keeper does not open; OSError.
    """
    leave_no_core()
    locked = stay_out_of_swap()
    with ExitStack() as ends:
        listening = {role: _listen_until(ends, path, for_group=for_group) for role, path in paths.items()}
        looked_at = _listen_until(ends, health, for_group=for_group) if health is not None else None
        record = partial(custody.append, data / key_files.FOLDER / key_files.CUSTODY)
        opened = open_keeper(data, choice, _now_s(), ReopeningNeeds(_now_s, time.monotonic, record))
        ends.callback(opened.keeper.close)
        head = record(opened.events)
        operations = KeyOperations(opened.keeper, opened.campus, opened.documents)
        if opened.closed:
            sys.stderr.write(
                str(
                    Text(
                        f"密封库未与密码设备同时打开：{opened.closed}\n",
                        f"the sealed store is not open beside the token: {opened.closed}\n",
                    )
                )
            )
        told = {"keeper": choice.name.value, "locked": locked, "custody_head": head.hex()[:16]}
        told["store"] = "closed" if opened.closed else "open"
        asyncio.run(_run(operations, listening, _Told(told, opened.token), looked_at, end_with_stdin=end_with_stdin))


class _Told(NamedTuple):
    """What STATUS says beside the counts."""

    always: Mapping[str, object]
    token: ReopeningKeeper | None

    def now(self) -> dict[str, object]:
        if self.token is None:
            return dict(self.always)
        return {**self.always, "token": self.token.state, "reopened": self.token.reopened}


def _now_s() -> int:
    return WALL.at(time.time())


def _listen_until(ends: ExitStack, path: Path, *, for_group: bool) -> socket.socket:
    listening = listen(path, for_group=for_group)
    ends.callback(path.unlink, missing_ok=True)
    ends.callback(listening.close)
    return listening


def listen(path: Path, *, for_group: bool = False) -> socket.socket:
    """A listening socket of mode 0600; ConfigFault when another process answers there. A dead one is replaced.

    for_group: 0660, in a folder whose set-group-id bit gives it that folder's group; ConfigFault without the bit.
    """
    if for_group and not path.parent.stat().st_mode & stat.S_ISGID:
        raise ConfigFault(
            Text(f"--for-group: {path.parent} 未设组继承位", f"--for-group: {path.parent} has no set-group-id bit")
        )
    if len(os.fsencode(path)) > SOCKET_PATH_MAX:
        raise ConfigFault(
            Text(
                f"--socket: 路径最长 {SOCKET_PATH_MAX} 字节", f"--socket: the path has at most {SOCKET_PATH_MAX} bytes"
            )
        )
    if _answers(path):
        raise ConfigFault(Text(f"{path}: 已有密钥进程", f"{path}: a key process is already there"))
    if path.is_socket():
        path.unlink()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o117 if for_group else 0o177)
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


async def _run(
    operations: KeyOperations,
    listening: Mapping[Role, socket.socket],
    told: _Told,
    looked_at: socket.socket | None,
    *,
    end_with_stdin: bool,
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if end_with_stdin:
        watch_stdin(loop, stop)
    server = KeyServer(operations)
    turns = Duty()
    status = loop.create_task(_report(server, operations, told, stop, turns))
    async with healthy(looked_at, lambda: _health(server, operations, told)):
        _say("READY keys")
        with Watchdog("keys", lambda: {"loop": turns.turns}) as watchdog:
            watchdog.ready()
            await server.serve(listening, stop)
    await status


def watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Set stop when standard input ends."""
    def gone() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            loop.remove_reader(sys.stdin.fileno())
            stop.set()

    try:
        loop.add_reader(sys.stdin.fileno(), gone)
    except PermissionError:  # a plain file or /dev/null: it is at its end already
        stop.set()


async def _report(
    server: KeyServer, operations: KeyOperations, told: _Told, stop: asyncio.Event, turns: Duty
) -> None:
    """One STATUS line a second; a launcher that no longer reads has gone, which is a reason to end."""
    while not stop.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(STATUS_S):
                await stop.wait()
        if os.environ.get(SILENT):
            continue
        try:
            _say("STATUS " + json.dumps(_status(server, operations, told)))
        except BrokenPipeError:
            stop.set()
        turns.turned()


def _health(server: KeyServer, operations: KeyOperations, told: _Told) -> Health:
    token = told.token
    waits = (f"token {token.state}",) if token is not None and token.state != HERE else ()
    figures = {**server_counts(server, operations), **spread("answer", server.answers_s)}
    return Health(waits=waits, page=page_of("keys", figures))


def server_counts(server: KeyServer, operations: KeyOperations) -> dict[str, int]:
    """Of this process since its start."""
    return {
        "connections": server.connections,
        "turned_away": server.turned_away,
        "dropped": server.dropped,
        **asdict(operations.counts),
    }


def _status(server: KeyServer, operations: KeyOperations, told: _Told) -> dict[str, object]:
    return {**server_counts(server, operations), **told.now()}


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
