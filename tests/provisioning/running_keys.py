"""A real key process while a test lasts, and what it says line by line."""

import json
import os
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from provisioning.keeper import token as token_files
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
needs_softhsm = pytest.mark.skipif(token_files.softhsm() is None, reason="SoftHSM is not installed (Debian: softhsm2)")


class Running:
    """A key process, and what it says line by line."""

    def __init__(self, data: Path, path: Path, *words: object) -> None:
        command = [sys.executable, "-P", "-m", "provisioning", "keys", "--data", data, "--socket", path]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [*command, "--end-with-stdin", *map(str, words)], cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0
        )
        self.path = path
        self.said = b""
        self.until(b"READY keys\n")

    def until(self, text: bytes) -> None:
        last = time.monotonic() + PATIENCE_S
        with selectors.DefaultSelector() as ready:
            ready.register(self.process.stdout, selectors.EVENT_READ)
            while text not in self.said:
                assert ready.select(last - time.monotonic()), self.said
                part = os.read(self.process.stdout.fileno(), 4096)
                assert part, self.said + self.process.stderr.read()
                self.said += part

    def status(self, shows=lambda _status: True) -> dict:
        """The first STATUS line, of those not read yet, that shows what is waited for."""
        last = time.monotonic() + PATIENCE_S
        seen = len(self.said)
        while time.monotonic() < last:
            self.said += os.read(self.process.stdout.fileno(), 4096)
            *lines, _unfinished = self.said[seen:].split(b"\n")
            for line in lines:
                if line.startswith(b"STATUS ") and shows(found := json.loads(line[7:])):
                    return found
        raise AssertionError(self.said[seen:])

    def end(self, how=None) -> int:
        if how is not None:
            self.process.send_signal(how)
        else:
            self.process.stdin.close()
        code = self.process.wait(PATIENCE_S)
        self.said += self.process.stdout.read()
        return code


@contextmanager
def running(data: Path, *words: object):
    """A key process over this campus; {} in a word stands for its folder of sockets."""
    folder = Path(tempfile.mkdtemp(prefix="keys-"))
    keys = Running(data, folder / "s", *(str(word).replace("{}", str(folder)) for word in words))
    try:
        yield keys
    finally:
        keys.process.kill()
        keys.process.wait()
        for stream in (keys.process.stdin, keys.process.stdout, keys.process.stderr):
            stream.close()
        shutil.rmtree(folder)
