"""A parent's deposit through a school's server in containers, by the bank's files: nobody has to listen for that.

The bank's emulator stands outside and shares a folder with the payments service, as whatever carries a school's files
would. It works at each look.
"""

import os
import time
from pathlib import Path
from typing import Any

from cloud.emulators.providers.bank import BankEmulator
from cloud.emulators.providers.trades import Trades, day_of
from cloud.wallet.people.demonstration import PARENT
from compose.server.layout import CLOUD
from tests.scenes.containers import Containers
from tests.scenes.phone import Phone

SETTINGS = '[bank]\nfolder = "/campus/cloud/bank"\n'
KEY, FEN = "00" * 16, 50_00


class Parent:
    """Of the demonstration, at a phone; the child is of an age at which she sees."""

    def __init__(self, root: Path, port: int) -> None:
        self._folder, self._bank = root / "data/cloud/cloud/bank", BankEmulator(Trades())
        self.phone = Phone(port, root / "data/front/front/ca.pem")
        self.child = ""

    def sign_in(self, engine: Containers, root: Path) -> None:
        """By a link that the desk has made."""
        said = engine.server("cloud", root, "people", "link", "--phone", PARENT.phone)
        self.phone.sign_in(said.strip().splitlines()[-1])
        self.child = self.phone.ask("me")["holders"][1]["number"]

    def is_answered(self) -> bool:
        """Of the child: the first one behind a database that was killed is not."""
        return self.phone.answers("home", holder=self.child)

    def online_fen(self) -> int:
        """Of the child."""
        return int(self.phone.ask("home", holder=self.child)["online_fen"])

    def deposit(self) -> Any:
        """Asked for again and again under one key."""
        return self.phone.ask("deposit/new", holder=self.child, key=KEY, channel="bank", fen=FEN)

    def state(self) -> str:
        """Of the deposit, behind a look of the bank."""
        now_s = int(time.time())
        self._bank.serve(self._folder, day_of(now_s).replace("-", ""), now_s)
        _given(self._folder)
        return str(self.phone.ask("deposit/state", holder=self.child, key=KEY)["state"])


def connect(root: Path) -> None:
    """An installation that is not up yet has a bank."""
    cloud = root / "data/cloud/cloud"
    (cloud / "payments.toml").write_text(SETTINGS)
    (cloud / "payments.toml").chmod(0o600)
    for part in ("", "out", "in"):
        (cloud / "bank" / part).mkdir(mode=0o700, exist_ok=True)
    os.chown(cloud / "payments.toml", CLOUD, CLOUD)
    _given(cloud / "bank")


def _given(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, CLOUD, CLOUD)
