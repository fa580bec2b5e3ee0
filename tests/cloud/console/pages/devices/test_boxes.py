"""Boxes' identities in the console, over the real signer in this process: a code once, words, revoking by name."""

import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cloud.console.access.rights import Grant, Role, Scope
from cloud.keys.client import _result
from cloud.keys.signer import SignerClient
from edge.process.identity.asking import ca_pin
from edge.process.identity.own import new_key, request_of, spki_of
from provisioning.certificates import authority
from provisioning.enrolment import files
from provisioning.enrolment.office import Office, Place, Rim
from provisioning.keys.store import KeyKind
from shared.wire import codec
from shared.wire.enrol.code import parse_code, prove
from shared.wire.enrol.messages import EnrolAsk, State, answer_of
from shared.wire.enrol.office import Op, Side
from shared.wire.enrol.words import words_of
from tests.cloud.console.rig import Rig, made
from tests.cloud.ledger import campus as c
from tests.provisioning.conftest import campus as made_campus  # noqa: F401  # a fixture


class Near(SignerClient):
    """The signer without a socket."""

    def __init__(self, office: Office) -> None:
        super().__init__(Path("/none"))
        self._office = office

    def _ask(self, *request: object) -> Any:
        return _result(self._office.answer(codec.dumps(list(request)), Side.OFFICE))


@pytest.fixture
def office(made_campus, tmp_path: Path) -> Office:  # noqa: F811
    data = tmp_path / "campus"
    shutil.copytree(made_campus.data, data, ignore=shutil.ignore_patterns("cards", "terminals"))
    (data / files.FOLDER).mkdir()
    key = made_campus.school.one(KeyKind.AUTHORITY, 1).for_use(KeyKind.AUTHORITY)
    ca = authority.open_authority((data / "ca.pem").read_bytes(), key)
    rim = Rim(time.time, Random(1).randbytes, list)
    return Office(data, ca, Place("onecard.example:8460", "onecard.example:8883"), rim)


@pytest.fixture
def rig(office: Office, tmp_path: Path) -> Iterator[Rig]:
    (tmp_path / "console").mkdir()
    with made(tmp_path / "console", office=Near(office)) as rig:
        yield rig


def come(office: Office, code: str, *, typed: bool) -> tuple[State, bytes]:
    """A box asks; what it is answered, and its key."""
    key, told = new_key(), parse_code(code)
    request = request_of(key, told.id)
    pin = ca_pin(_result(office.answer(codec.dumps([Op.CA]), Side.DOOR)))
    ask = EnrolAsk(told.id, prove(told.key, pin, request, typed=typed), typed, request)
    answer = _result(office.answer(codec.dumps([Op.ENROL, ask.encode()]), Side.DOOR))
    return answer_of(answer).state, spki_of(key)


def test_a_code_is_shown_once_with_its_qr_and_stands_in_no_audit_list(rig: Rig) -> None:
    browser = rig.browser()
    page = browser.send("/boxes/canteen-1/code", 200, hours="2")
    code = re.search(r"<code class=\"once\">([^<]+)</code>", page)[1]
    assert 'class="qr"' in page
    assert "onecard.example:8460" in page
    assert code not in browser.see("/boxes")
    assert "等待网关" in browser.see("/boxes")
    audit = browser.see("/audit")
    assert "出入网码" in audit
    assert code not in audit
    assert code.replace("-", "") not in audit


def test_words_are_approved_for_the_key_that_was_shown(rig: Rig, office: Office) -> None:
    browser = rig.browser()
    page = browser.send("/boxes/bus-1/code", 200, hours="2")
    code = re.search(r"<code class=\"once\">([^<]+)</code>", page)[1]
    state, spki = come(office, code, typed=True)
    assert state is State.WAITING
    assert words_of(spki).zh in browser.see("/boxes")
    browser.send("/boxes/bus-1/words", 503, key="00", same="1")
    browser.send("/boxes/bus-1/words", key=spki.hex(), same="1")
    assert "已批准" in browser.see("/boxes")


def test_a_box_is_revoked_by_who_types_its_name(rig: Rig, office: Office) -> None:
    browser = rig.browser()
    page = browser.send("/boxes/bus-1/code", 200, hours="2")
    assert come(office, re.search(r"<code class=\"once\">([^<]+)</code>", page)[1], typed=False)[0] is State.GRANTED
    assert "请写缘由" in browser.send("/boxes/bus-1/revoke", 503, reason="被盗", typed="canteen-1")
    browser.send("/boxes/bus-1/revoke", reason="被盗", typed="bus-1")
    page = browser.see("/boxes")
    assert "已吊销" in page
    assert "尚未证实" in page, "no broker was asked yet"


def test_guesses_of_codes_that_there_are_none_of_are_counted_for_an_hour(office: Office) -> None:
    before = office.standing().wrong
    for _ in range(3):
        assert come(office, "ZZZZ-0000-0000-0000", typed=True)[0] is State.REFUSED
    assert office.standing().wrong == before + 3


def test_who_commands_a_part_alone_gets_none_of_it(rig: Rig) -> None:
    browser = rig.browser("wang", [Grant(Role.OPERATIONS, Scope(box="canteen-1"))])
    browser.see("/boxes", 403)
    browser.send("/boxes/canteen-1/code", 403, hours="2")


def row_of(page: str, box: str) -> str:
    return next(row for row in page.split("<tr>") if f">{box}</a>" in row)


def code_on(page: str) -> str:
    found = re.search(r"<code class=\"once\">([^<]+)</code>", page)
    assert found
    return found[1]


def test_each_box_says_what_comes_next(rig: Rig, office: Office) -> None:
    browser = rig.browser()
    page = browser.send("/boxes/bus-1/code", 200, hours="2", compare="1")
    assert f"edge enrol {code_on(page)} --server onecard.example:8460" in page
    assert "随后要核对四个词" in page
    here = row_of(browser.see("/boxes"), "bus-1")
    assert "在网关上输入码" in here
    assert "码有效至" in here
    come(office, code_on(page), typed=False)
    assert "核对四个词" in row_of(browser.see("/boxes"), "bus-1"), "with a QR, too, where it was asked for"
    assert "bus-1" not in browser.see("/boxes?find=canteen").partition("<tbody>")[2]


def test_a_box_that_was_replaced_says_so(rig: Rig, office: Office) -> None:
    browser = rig.browser()
    for _ in range(2):
        code = code_on(browser.send("/boxes/bus-1/code", 200, hours="2"))
        assert come(office, code, typed=False)[0] is State.GRANTED
    here = row_of(browser.see("/boxes"), "bus-1")
    assert re.search(r"已发 [23]", here)
    assert "出换机的码" in here


def test_a_box_of_before_has_no_known_certificate_and_is_revoked_all_the_same(rig: Rig) -> None:
    browser = rig.browser()
    assert "未知，建校时所发或还没有" in row_of(browser.see("/boxes"), "bus-1")
    browser.send("/boxes/bus-1/revoke", reason="被盗", typed="bus-1")
    here = row_of(browser.see("/boxes"), "bus-1")
    assert "已吊销" in here
    assert "重新入网" in here
    assert "/boxes/bus-1/revoke" not in here


def test_without_a_signer_it_says_what_to_do_and_what_it_said_last(tmp_path: Path) -> None:
    with made(tmp_path) as rig:
        browser = rig.browser()
        page = browser.see("/boxes")
        for said in ("签发进程不在", "网关照常营业", "./ykt up --full", "本机没有它说过的话", c.BOX):
            assert said in page, said
        assert "mark ok" not in page, "nothing is known to be well"
        told = {"at": 1_796_000_000, "number": 4, "proved": 3, "wrong": 0, "stolen": 0, "days": 700}
        (tmp_path / "cloud" / "enrolment.json").write_text(json.dumps(told))
        page = browser.see("/boxes")
        assert "最后一次所知" in page
        assert "当时未证实" in page
        assert "mark ok" not in page
