"""The real ingest process between a real broker, the real key process and a ledger file, with a small box before it."""

import random
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from compose.standing import Standing
from shared.ids import StorageId
from shared.online import LoadResult, parse_answer
from shared.records import parse_stored
from shared.wire.messages import EpochAnswer, EpochRequest, OnlineAnswer, OnlineRequest, RecordCopy, encode_batch, Batch
from shared.wire.topics import UP_MONEY, UP_NOW
from tests.cloud.campus import Body, Campus, Purse, key_process, part, run_part
from tests.cloud.field import FieldBox, until

pytestmark = pytest.mark.process


@dataclass
class Site:
    """A campus with its broker and its ingest."""

    campus: Campus
    port: int
    ingest: Standing

    def box(self, batch: int = 64) -> FieldBox:
        return FieldBox(self.campus, self.body().box, self.port, batch)

    def body(self, at: int = 0) -> Body:
        return self.campus.bodies()[at]

    def asked(self, sql: str) -> list[tuple]:
        with closing(sqlite3.connect(f"file:{self.campus.data}/cloud/ledger.db?mode=ro", uri=True)) as db:
            return db.execute(sql).fetchall()

    def posted(self) -> int:
        return self.asked("SELECT count(*) FROM entry WHERE record IS NOT NULL")[0][0]

    def restart(self) -> None:
        self.ingest.kill()
        self.ingest.start()


def ingest_part(campus: Campus, keys: Path, port: int):
    return part("ingest", "cloud", "ingest", "--data", campus.data, "--keys", keys, "--broker", f"127.0.0.1:{port}")


@pytest.fixture
def site(campus: Campus, keys_socket: Path, broker, tmp_path: Path) -> Iterator[Site]:
    """On either broker."""
    yield from _site(campus, keys_socket, broker.port, tmp_path)


@pytest.fixture
def quick_site(campus: Campus, keys_socket: Path, embedded, tmp_path: Path) -> Iterator[Site]:
    """On the embedded broker alone."""
    yield from _site(campus, keys_socket, embedded.port, tmp_path)


def _site(campus: Campus, keys: Path, port: int, folder: Path) -> Iterator[Site]:
    run_part("cloud", "import", "--data", campus.data)
    with Standing(ingest_part(campus, keys, port), folder) as ingest:
        yield Site(campus, port, ingest)


def join(site: Site, box: FieldBox, body: Body, storage: bytes = b"T" * 8) -> int:
    """The terminal's epoch, asked of the ledger."""
    box.say(EpochRequest(1, body.device, StorageId(storage), body.psam, 0))
    answer = box.answer()
    assert isinstance(answer, EpochAnswer), answer
    assert answer.epoch, answer.reason
    return answer.epoch


def lunch(purses: list[Purse], body: Body, epoch: int, count: int, first: int = 1) -> list[bytes]:
    """Taps at one terminal."""
    return [purses[seq % len(purses)].buy(body, epoch, seq, 10) for seq in range(first, first + count)]


def test_every_tap_is_posted_and_named(site: Site) -> None:
    with site.box() as box:
        epoch = join(site, box, site.body())
        box.put(*lunch(site.campus.purses(), site.body(), epoch, 300))
        until(box.all_settled, "settled")
    assert site.posted() == 300
    assert box.acks[-1].row_cumulative == 300
