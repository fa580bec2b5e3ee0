"""A verb that ends, or meets a full disk, at its n-th touch of the disk: in a child of this process, really killed.

Every state of the files that a kill -9 can leave is one of these: nothing changes on the disk between two touches.
What a token's library writes inside one call is its own affair; each such call is a touch.
"""

import contextlib
import errno
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from typing import NamedTuple
from zlib import crc32

from provisioning.cli.cli import main
from provisioning.keeper.pkcs11_door import Token

try:
    import PyKCS11
except ImportError:
    _TOKEN_TOUCHES: tuple[tuple[type, str], ...] = ()
else:
    _TOKEN_TOUCHES = (
        (Token, "store"),
        (Token, "destroy"),
        (PyKCS11.PyKCS11Lib, "initToken"),
        (PyKCS11.Session, "initPin"),
    )

TOUCHES_MOST = 400
SAMPLED = 4
"""Of so many touches `test` takes one, `test --all` each."""
_TOUCHES = ("fsync", "ftruncate", "mkdir", "open", "pwrite", "rename", "sync", "unlink")
_MAY_BE_FULL = ("fsync", "mkdir", "open", "pwrite", "rename")
CRASHED = 99


class Ended(NamedTuple):
    """How the child ended: its exit code, or minus the signal; and all that it said."""

    code: int
    said: str

    @property
    def is_killed(self) -> bool:
        return self.code == -signal.SIGKILL


def killed_at(touch: int, *words: object) -> Ended:
    """Killed before its touch-th touch of the disk, when there are so many."""
    return _child(words, lambda: _count(_TOUCHES, touch, lambda: os.kill(os.getpid(), signal.SIGKILL), forever=False))


def full_at(touch: int, *words: object) -> Ended:
    """From its touch-th touch on there is no space left."""
    return _child(words, lambda: _count(_MAY_BE_FULL, touch, _no_space, forever=True))


def touches(stride: int, *, whole: bool, name: str) -> Iterator[int]:
    """1, 1 + stride, … up to a bound that no verb reaches; of a sample one in SAMPLED, its first chosen by the name."""
    apart, first = (stride, 0) if whole else (stride * SAMPLED, stride * (crc32(name.encode()) % SAMPLED))
    yield from range(1 + first, TOUCHES_MOST, apart)
    raise AssertionError("a verb touches the disk more often than this")


def _no_space() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _count(names: tuple[str, ...], touch: int, happens: Callable[[], None], *, forever: bool) -> None:
    left = [touch]

    def wrap(name: str) -> None:
        real = getattr(os, name)

        def counted(*arguments, **named):
            if name == "open" and not arguments[1] & os.O_CREAT:
                return real(*arguments, **named)
            left[0] -= 1
            if left[0] == 0 or (forever and left[0] < 0):
                happens()
            return real(*arguments, **named)

        setattr(os, name, counted)

    for name in names:
        wrap(name)
    if not forever:
        _count_token(left, happens)


def _count_token(left: list[int], happens: Callable[[], None]) -> None:
    def wrap(owner: type, name: str) -> None:
        real = getattr(owner, name)

        def counted(self, *arguments):
            left[0] -= 1
            if left[0] == 0:
                happens()
            return real(self, *arguments)

        setattr(owner, name, counted)

    for owner, name in _TOKEN_TOUCHES:
        wrap(owner, name)


def _child(words: tuple[object, ...], prepare: Callable[[], None]) -> Ended:
    with tempfile.TemporaryFile("w+b") as out:
        pid = os.fork()
        if pid == 0:
            _run(words, prepare, out.fileno())
        _, status = os.waitpid(pid, 0)
        out.seek(0)
        return Ended(os.waitstatus_to_exitcode(status), out.read().decode())


def _run(words: tuple[object, ...], prepare: Callable[[], None], out: int) -> None:
    code = CRASHED
    try:
        with open(out, "w", closefd=False) as said, contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            try:
                prepare()
                code = main(list(map(str, words)))
            except BaseException:  # noqa: BLE001  # it is what the test looks for
                traceback.print_exc(file=sys.stderr)
    finally:
        os._exit(code)
