"""A hand at the issuing desk that lays what a command asks for."""

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from edge.card.sim.place import CARD_READER
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[3]
LAY = re.compile(r"^放[上回]\D*?(\d*)$")


@pytest.fixture
def hand(pcscd):
    """Empty at the start and at the end."""
    _, server = pcscd
    server.close()
    yield Hand(server)
    server.close()


class Hand:
    """lays(number) gives the chip to lay when that body is asked for; None: nobody comes, the command is ended."""

    def __init__(self, server):
        self.slot = server.card
        self.asked = []

    def work(self, lays, *words):
        """One command at the reader: exit code, what it said, what it asked."""
        command = [sys.executable, "-P", "-m", "provisioning", *map(str, words), "--reader", CARD_READER]
        self.child = subprocess.Popen(
            command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        ends = threading.Timer(PATIENCE_S, self.child.kill)
        ends.start()
        told = []
        try:
            for line in self.child.stderr:
                told.append(line.rstrip("\n"))
                self._obey(lays, told[-1])
            said = self.child.stdout.read()
            return self.child.wait(), said, told
        finally:
            ends.cancel()
            self.child.stdout.close()
            self.child.stderr.close()

    def _obey(self, lays, line):
        if line == "取走卡":
            self.slot.pull()
        elif found := LAY.match(line):
            chip = lays(int(found[1]) if found[1] else None)
            if chip is None:
                self.child.terminate()
            else:
                self.slot.insert(chip)
