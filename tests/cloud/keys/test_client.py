"""The client of the key process against a peer that speaks the bytes of shared/wire/keyproc.py, well and badly."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import cbor2
import pytest

from cloud.keys.client import KeyClient
from cloud.keys.faults import KeyProcessAway, KeyRefused
from shared.errors import KeyFault
from shared.fleet.document import CAMPUS, DocumentKind, Head, digest_of
from shared.keys.document_key import Keyring
from shared.purse.load_auth import LoadAuth
from shared.purse.overdraft_auth import OverdraftAuth
from shared.purse.tac import ITEM_SIZE
from shared.purse.upkeep import ExternalAuthAsk, InternalAuthAsk, PinReloadAsk, UnblockPin, UpkeepAsk
from shared.wire.keyproc import LENGTH, Op
from tests.cloud.campus import Campus
from tests.patience import PATIENCE_S

AUTH = LoadAuth(b"C" * 10, 1, 0, b"RRRR", 7, 1000, 5000, 2, b"P" * 6, b"MMMM")
Reply = Callable[[list[object]], bytes | None]


class Peer:
    """Answers each request by `reply`; None closes the connection. `asked` holds what came."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asked: list[list[object]] = []
        self.reply: Reply = lambda _: framed([True, b""])
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(PATIENCE_S)

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            with peer, suppress(OSError):  # the client may give up first
                self._attend(peer)

    def _attend(self, peer: socket.socket) -> None:
        stream = peer.makefile("rb")
        while head := stream.read(4):
            request = cbor2.loads(stream.read(LENGTH.unpack(head)[0]))
            self.asked.append(request)
            answer = self.reply(request)
            if answer is None:
                return
            peer.sendall(answer)


def framed(answer: object) -> bytes:
    body = cbor2.dumps(answer)
    return LENGTH.pack(len(body)) + body


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Peer]:
    made = Peer(tmp_path / "keys")
    yield made
    made.close()


@pytest.fixture
def keys(peer: Peer) -> Iterator[KeyClient]:
    with KeyClient(peer.path, timeout_s=0.5) as client:
        yield client


def test_a_tac_question_is_the_bytes_of_the_protocol(peer: Peer, keys: KeyClient) -> None:
    peer.reply = lambda _: framed([True, b"\0\1"])
    assert keys.check_tac(bytes(2 * ITEM_SIZE)) == b"\0\1"
    assert peer.asked == [[Op.TAC, bytes(2 * ITEM_SIZE)]]


def test_no_items_ask_nobody(peer: Peer, keys: KeyClient) -> None:
    assert keys.check_tac(b"") == b""
    assert peer.asked == []


def test_many_items_are_asked_for_in_turn(peer: Peer, keys: KeyClient) -> None:
    peer.reply = lambda request: framed([True, bytes(len(request[1]) // ITEM_SIZE)])  # type: ignore[arg-type]
    assert len(keys.check_tac(bytes(20_000 * ITEM_SIZE))) == 20_000
    assert len(peer.asked) == 2


def test_load_questions_carry_the_fields_in_order(peer: Peer, keys: KeyClient) -> None:
    peer.reply = lambda request: framed([True, True if request[0] == Op.LOAD_CHECK else b"2222"])
    assert keys.load_check(AUTH) is True
    assert keys.load_mac2(AUTH, 42) == b"2222"
    assert peer.asked == [[Op.LOAD_CHECK, *AUTH], [Op.LOAD_MAC2, *AUTH, 42]]


def test_a_refusal_is_typed_and_says_why(peer: Peer, keys: KeyClient) -> None:
    peer.reply = lambda _: framed([False, "unknown key"])
    with pytest.raises(KeyRefused, match="unknown key"):
        keys.load_check(AUTH)


@pytest.mark.parametrize(
    "answer",
    [b"\0\0\0\1\xff", framed([True]), framed([1, b""]), framed({}), framed([True, b"\0\0\0"]), framed([True, 5])],
    ids=["no CBOR", "short", "no bool", "no array", "too many verdicts", "no bytes"],
)
def test_an_answer_that_is_not_one_is_never_a_verdict(peer: Peer, keys: KeyClient, answer: bytes) -> None:
    peer.reply = lambda _: answer
    with pytest.raises(KeyFault):
        keys.check_tac(bytes(ITEM_SIZE))


@pytest.mark.parametrize("size", [0, 1 << 30])
def test_an_answer_of_impossible_length_ends_the_connection(peer: Peer, keys: KeyClient, size: int) -> None:
    peer.reply = lambda _: LENGTH.pack(size)
    with pytest.raises(KeyProcessAway):
        keys.check_tac(bytes(ITEM_SIZE))


def test_a_restarted_key_process_is_asked_again_without_a_fault(peer: Peer, keys: KeyClient) -> None:
    peer.reply = lambda _: framed([True, b"\0"])
    keys.check_tac(bytes(ITEM_SIZE))
    dying = iter((None, framed([True, b"\1"])))
    peer.reply = lambda _: next(dying)
    assert keys.check_tac(bytes(ITEM_SIZE)) == b"\1"


def test_nobody_there_is_away(tmp_path: Path) -> None:
    with pytest.raises(KeyProcessAway):
        KeyClient(tmp_path / "nobody").check_tac(bytes(ITEM_SIZE))


def test_a_silent_key_process_costs_no_more_than_the_bound(peer: Peer, keys: KeyClient) -> None:
    held = threading.Event()
    peer.reply = lambda _: b"\0" if held.wait(600) else b""
    with pytest.raises(KeyProcessAway):
        keys.check_tac(bytes(ITEM_SIZE))
    held.set()


CARD = AUTH.card
OVERDRAFT = OverdraftAuth(b"C" * 10, 1, 0, b"RRRR", 7, 1000, 0, 5000, b"P" * 6, b"MMMM")
QUESTIONS = [
    (lambda k: k.unload_check(AUTH), ["unload-check", *AUTH], True),
    (lambda k: k.unload_mac2(AUTH, 9), ["unload-mac2", *AUTH, 9], b"MAC2"),
    (lambda k: k.unload_mac3(AUTH, 9, b"MAC3"), ["unload-mac3", *AUTH, 9, b"MAC3"], False),
    (lambda k: k.overdraft_check(OVERDRAFT), ["overdraft-check", *OVERDRAFT], True),
    (lambda k: k.overdraft_mac2(OVERDRAFT, 9), ["overdraft-mac2", *OVERDRAFT, 9], b"MAC2"),
    (
        lambda k: k.upkeep(UpkeepAsk(CARD, b"RRRR", UnblockPin(0, b"123456")), 2),
        ["upkeep", CARD, 2, b"RRRR", ["unblock-pin", 0, b"123456"]],
        b"any length",
    ),
    (lambda k: k.pin_reload(PinReloadAsk(CARD, b"123456"), 2), ["pin-reload", CARD, 2, b"123456"], b"MAC4"),
    (lambda k: k.external_auth(ExternalAuthAsk(CARD, b"RRRR"), 2), ["external-auth", CARD, 2, b"RRRR"], b"8 octets"),
    (
        lambda k: k.internal_auth(InternalAuthAsk(CARD, b"8 octets", b"answered"), 2),
        ["internal-auth", CARD, 2, b"8 octets", b"answered"],
        True,
    ),
    (lambda k: k.check_value("tac", 2), ["kcv", "tac", 2], b"KCV"),
]


@pytest.mark.parametrize(("ask", "asked", "answer"), QUESTIONS, ids=[asked[0] for _, asked, _ in QUESTIONS])
def test_each_question_has_its_fields_in_order_and_its_own_form_of_answer(peer, keys, ask, asked, answer) -> None:
    peer.reply = lambda _: framed([True, answer])
    assert ask(keys) == answer
    assert peer.asked == [asked]
    for wrong in (None, 1, "text", [], b"" if isinstance(answer, bool) else True):
        peer.reply = lambda _, wrong=wrong: framed([True, wrong])
        with pytest.raises(KeyFault):
            ask(keys)


def test_the_masters_come_as_rows(peer: Peer, keys: KeyClient) -> None:
    peer.reply = lambda _: framed([True, [["tac", 1, b"KCV"], ["load", 2, b"kcv"]]])
    assert keys.masters() == [("tac", 1, b"KCV"), ("load", 2, b"kcv")]
    for wrong in (None, 1, [["tac", 1]], [["tac", "1", b"KCV"]], ["tac"]):
        peer.reply = lambda _, wrong=wrong: framed([True, wrong])
        with pytest.raises(KeyFault):
            keys.masters()


def test_a_token_that_is_away_is_worth_asking_again(peer: Peer, keys: KeyClient) -> None:
    peer.reply = lambda _: framed([False, "keeper-away"])
    with pytest.raises(KeyProcessAway):
        keys.load_mac2(AUTH, 9)


def test_a_real_key_process_signs_a_list_and_says_whose_key_it_is(provisioned: Campus, keys_socket: Path) -> None:
    raw = json.loads((provisioned.data / "campus.json").read_text(encoding="utf-8"))
    ring = Keyring(raw["campus"], bytes.fromhex(raw["campus_key"]))
    head = Head(1, DocumentKind.HOTLIST, CAMPUS, 1, 848_000_000, 3, digest_of(b"one"))
    with KeyClient(keys_socket) as keys:
        assert all(ring.add(key) for key in keys.document_keys())
        assert ring.opened(keys.sign_document(head)) == head
        with pytest.raises(KeyRefused):
            keys.sign_document(replace(head, kind=DocumentKind.PARAMETERS))
