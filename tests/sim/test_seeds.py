"""The simulator's seeds hold, and what it is there for really happens in them. Alone in its module, for it waits for a
command that was begun ahead."""

import json

import pytest

from tests.ahead import SEEDS, SEEDS_OF_A_SAMPLE
from tests.sim.faults import CRASH_POINTS

SEEDS_MAX_S = 900
"""Far above the minute that it takes: only for a machine that hangs."""
HAPPENINGS = (
    "terminal cut", "edge killed", "ingest killed", "broker down", "uplink lost", "line cut", "outbox destroyed",
    "ledger put back", "book-only", "witnessed and gone", "disk full", "away", "theft", "ride on", "ride off", "mixed",
    "void",
    "flash rot", "outbox rot",
    "commit failed", "queue full", "backed up", "old rows dropped", "stranger",
    "hostile box", "hostile terminal", "flood", "message refused",
    "document", "reported", "listed", "order begins", "restart", "trial", "lying box", "forged document", "weeks",
    "paper cut", "paper refused", "paper rot", "catching up", "released",
    "box offered", "box release", "box release cut",
    "account online", "account code", "account meal", "account approved", "account reversed", "account tombstone",
    "loss reported", "deposit", "ordered", "auto-load", "copied", "overdrawn", "replayed",
)  # fmt: skip


@pytest.mark.process
@pytest.mark.ahead("sim")
@pytest.mark.timeout(SEEDS_MAX_S)
def test_every_seed_holds_and_everything_happens(ahead, whole):
    seeds = SEEDS if whole else SEEDS_OF_A_SAMPLE
    done = ahead(SEEDS_MAX_S)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
    happened, figures = map(json.loads, done.stdout.splitlines()[-2:])
    assert figures["seeds"] == seeds
    assert figures["records"] > seeds * 200
    missing = {*HAPPENINGS, *(f"at {point}" for point in CRASH_POINTS)} - happened.keys()
    assert not missing
