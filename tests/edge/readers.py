"""Two real PC/SC readers with our cards in them: pcscd, vpcd and pyscard, all real, none of the system's."""

import os
import shutil
import tempfile
import threading
import time
from pathlib import Path

from edge.card.reader.psam import PsamReader
from edge.card.reader.reader import NoCard, Reader, found_readers
from edge.card.sim.pcscd import PrivatePcscd
from edge.card.sim.place import CARD_READER, PSAM_READER
from edge.card.sim.server import CardServer
from tests.patience import PATIENCE_S

POLL_S = 0.005


class Readers:
    """A card server behind a pcscd, and a till's ends of both readers."""

    def __init__(self, own, server):
        self.own = own
        self.server = server
        self.card = Reader(CARD_READER)
        self.psam = PsamReader(Reader(PSAM_READER))

    def put(self, chip):
        """Put a card in and lay it: pcscd needs up to 0.9 s to see it."""
        self.server.card.insert(chip)
        return self.lay()

    def lay(self, reader=None):
        until_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                return (reader or self.card).lay()
            except NoCard as none:
                if time.monotonic() > until_s:
                    raise AssertionError("no card came") from none
                threading.Event().wait(POLL_S)

    def put_psam(self, chip):
        """Put a PSAM in, and wait until pcscd has seen it."""
        self.server.psam.insert(chip)
        wait_for(lambda: seen(PSAM_READER).atr)

    def close(self):
        self.psam.close()
        self.card.close()
        self.server.close()


def seen(name):
    """What pcscd knows of a reader."""
    return next(reader for reader in found_readers() if reader.name == name)


def wait_for(fact):
    """Until it is true, PATIENCE_S at the most."""
    until_s = time.monotonic() + PATIENCE_S
    while not fact():
        assert time.monotonic() < until_s, "it never came true"
        threading.Event().wait(POLL_S)


def start_pcscd():
    """A pcscd and its card server, one for all tests: a slot must know when it was left. A generator that ends both.

    Every PC/SC client of this process and of its children finds this pcscd.
    """
    run = Path(tempfile.mkdtemp(prefix="ykt-"))
    try:
        with PrivatePcscd(run) as own:
            os.environ.update(own.environment)
            yield own, CardServer(own.dial)
            for name in own.environment:
                del os.environ[name]
    finally:
        shutil.rmtree(run, ignore_errors=True)
