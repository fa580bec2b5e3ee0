"""What several tests of the issuing office do: run a verb in this process, load a card with the school's own key."""

import contextlib
import io
import subprocess
import sys
from typing import NamedTuple

from compose.place import ROOT
from provisioning.cli.cli import main
from provisioning.keys.levels import card_keys
from provisioning.keys.store import KeyStore
from shared.clocks.clock import date_time_bcd
from shared.purse.commands import select_name
from shared.purse.crypto import TYPE_EP_LOAD, load_mac2, load_session_key
from shared.purse.profiles import AID_PURSE

WHO = ("--who", "王")
BOUND_S = 120
_OK = b"\x90\0"


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def provision(*words) -> Done:
    """The command's main in this process: an interpreter per step would take most of the time.

    But not the key process's: it lowers the limits of its process for good.
    """
    if words[0] == "keys":
        command = (sys.executable, "-P", "-m", "provisioning", *map(str, words))
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=BOUND_S)
        return Done(done.returncode, done.stdout, done.stderr)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(map(str, words)))
    return Done(code, out.getvalue(), err.getvalue())


def ok(*words) -> str:
    """What the verb said; it must have ended well."""
    done = provision(*words)
    assert done.returncode == 0, (words, done)
    return done.stdout


def load_card(card, school: KeyStore, version: int, serial: bytes, fen: int, time_s: int) -> None:
    """SELECT, 8050 00, 8052 at terminal 000750000001."""
    assert card.transmit(select_name(AID_PURSE))[-2:] == _OK
    terminal = bytes.fromhex("000750000001")
    answer = card.transmit(bytes.fromhex("805000020B01") + fen.to_bytes(4, "big") + terminal + b"\x10")
    assert answer[-2:] == _OK
    (keys,) = card_keys(school, version, [serial])
    session = load_session_key(keys.load, answer[8:12], int.from_bytes(answer[4:6], "big"))
    stamp = date_time_bcd(time_s)
    mac2 = load_mac2(session, fen, TYPE_EP_LOAD, terminal, stamp)
    assert card.transmit(bytes.fromhex("805200000B") + stamp + mac2 + b"\x04")[-2:] == _OK
