"""`cloud doctor`, `cloud diagnostics`: all checks of the server whose data folder this is."""

import argparse

from cloud.commands.watch.support.checks import server_checks
from cloud.commands.watch.support.places import Around, Place
from shared.input.endpoint import host_port
from shared.support.checks import Result, as_json
from shared.support.diagnostics import diagnostics as bundled
from shared.support.diagnostics import room_of
from shared.support.doctor import examine, say

JOURNAL = ("openykt*",)


def doctor(chosen: argparse.Namespace) -> int:
    """Print all; the exit code."""
    return say("cloud", results(chosen), is_json=chosen.json)


def diagnostics(chosen: argparse.Namespace) -> int:
    """A bundle of this server, shown or written."""
    room = room_of(chosen.data, chosen.data / "run", JOURNAL)
    return bundled("cloud", room, as_json("cloud", results(chosen)), chosen)


def results(chosen: argparse.Namespace) -> list[Result]:
    """Of every check."""
    given: dict[str, Place] = {}
    if chosen.broker:
        given["broker"] = host_port(chosen.broker, "--broker")
    if chosen.keys:
        given["keys"] = chosen.keys
    return examine(server_checks(Around(chosen.data, chosen.dsn, given, chosen.tls)))
