"""Only the ledger's own answer to a question of this box is taken, and once; all else is counted and told."""

import pytest

from edge.box.up.questions import ASKED_MAX, Questions
from edge.box.up.signature import answer_verifier
from edge.box.up.uplink import HELLO_AGAIN_S
from edge.box.values.effects import KeepEpoch, Now
from edge.link import messages as link
from edge.link.messages import Type
from shared.ids import BoxId
from shared.wire import topics
from shared.wire.messages import (
    EpochAnswer,
    EpochRequest,
    Hello,
    LedgerTime,
    OnlineRequest,
    Recover,
    SignedAnswer,
    covered,
    encode_now,
)
from tests.edge.rig import ACK_KEY, BOX, LEDGER, OTHER_KEY, STORAGE, Body, Ledger, device, psam

NOW = Now(1000.0, 0, 0)
NONCE = b"nonce-of-a-hello"
STORE = b"store-01"
TIME = LedgerTime(1_784_000_000_000)
EPOCH = EpochAnswer(1, device(1), STORAGE, psam(1), 7, "")
RECOVER = Recover(LEDGER, STORE, 0)
HELLO = Hello(STORE, 0, 0, None, NONCE)
ASK = EpochRequest(1, device(1), STORAGE, psam(1), 0, NONCE)
LATE = OnlineRequest(device(1), 1, psam(1), 5, b"INIT", 1_784_000_000_000, 2)


@pytest.fixture
def told():
    return []


@pytest.fixture
def questions(told):
    verify = answer_verifier(ACK_KEY.public_key().public_bytes_raw(), BOX)
    return Questions(verify, lambda _, fact, *__: told.append((fact.code, fact.case, fact.answer)))


def signed(answer, asked=NONCE, box=BOX, key=ACK_KEY):
    body = encode_now(answer)
    return SignedAnswer(asked, body, key.sign(covered(box, asked, body)))


@pytest.mark.parametrize(
    ("question", "answer"), [(HELLO, TIME), (HELLO, RECOVER), (ASK, EPOCH), (LATE, TIME)],
    ids=["time", "recover", "epoch", "time of a late request"],
)  # fmt: skip
def test_answer_to_a_question_of_ours_is_taken_once(questions, told, question, answer):
    questions.asked(question)
    assert questions.opened(NOW, signed(answer, question.asked)) == answer
    assert questions.opened(NOW, signed(answer, question.asked)) is None
    assert (told, dict(questions.counters)) == ([], {"answers_repeated": 1})


@pytest.mark.parametrize(
    "forged",
    [
        signed(TIME, box=BoxId("canteen-2")),
        signed(TIME, key=OTHER_KEY),
        SignedAnswer(NONCE, encode_now(LedgerTime(5)), signed(TIME).signature),
        SignedAnswer(NONCE, signed(TIME).body, signed(TIME, b"another question").signature),
    ],
    ids=["another box's", "another key's", "other words", "of another question"],
)
def test_wrongly_signed_answer_is_refused_and_told(questions, told, forged):
    questions.asked(HELLO)
    assert questions.opened(NOW, forged) is None
    assert (told, dict(questions.counters)) == ([("answer-forged", "signature", "time")], {"answers_forged": 1})
    assert questions.opened(NOW, signed(TIME)) == TIME


@pytest.mark.parametrize(
    ("question", "answer"), [(HELLO, EPOCH), (ASK, TIME), (ASK, RECOVER), (LATE, RECOVER), (LATE, EPOCH)]
)
def test_answer_of_another_kind_is_none(questions, told, question, answer):
    questions.asked(question)
    assert questions.opened(NOW, signed(answer, question.asked)) is None
    assert [code for code, _, _ in told] == ["answer-stale"]


def test_answer_to_what_was_not_asked_is_none(questions, told):
    assert questions.opened(NOW, signed(RECOVER)) is None
    assert (told, dict(questions.counters)) == ([("answer-stale", "", "recover")], {"answers_stale": 1})


def test_oldest_questions_are_forgotten(questions):
    for n in range(ASKED_MAX + 1):
        questions.asked(Hello(STORE, 0, 0, None, n.to_bytes(16, "big")))
    assert questions.opened(NOW, signed(TIME, bytes(16))) is None
    assert questions.opened(NOW, signed(TIME, (1).to_bytes(16, "big"))) == TIME


# ---- in the box


def test_every_hello_and_every_epoch_request_has_a_nonce_of_its_own(field):
    field.greeting = field.answering = False
    field.connect()
    field.join(Body(1))
    for _ in range(4):
        field.wait(HELLO_AGAIN_S)
        field.join(Body(1))
    nonces = [message.nonce for message in field.up if isinstance(message, Hello | EpochRequest)]
    assert len({*nonces}) == len(nonces) >= 8
    assert {len(nonce) for nonce in nonces} == {16}


def rows(field):
    return field.store.depth().unsettled


@pytest.mark.parametrize("bare", [True, False], ids=["unsigned", "of another question"])
def test_recovery_that_nobody_answered_makes_nothing_go_up_again(field, body, bare):
    field.hear(("tcp", 1), body.sell(), body.sell())
    recover, batches = Recover(LEDGER, field.store.store, 0), len(field.batches)
    field.down(topics.DOWN_NOW, encode_now(recover) if bare else Ledger().sign_answer(b"of before", recover))
    assert (rows(field), len(field.batches)) == (0, batches)
    assert field.codes() == ["answer-forged" if bare else "answer-stale"]
    field.recover(0)
    assert len(field.batches) == batches + 1


def test_replayed_recovery_is_none(field, body):
    field.hear(("tcp", 1), body.sell())
    recovery = field.ledger.sign_answer(field.asked, Recover(LEDGER, field.store.store, 0))
    field.down(topics.DOWN_NOW, recovery)
    batches = len(field.batches)
    field.down(topics.DOWN_NOW, recovery)
    field.connect()
    field.down(topics.DOWN_NOW, recovery)
    assert len(field.batches) == batches
    field.crash()
    field.connect()
    field.down(topics.DOWN_NOW, recovery)
    assert (len(field.batches), field.codes()[-1]) == (batches, "answer-stale")


def test_epoch_that_another_says_is_not_kept(field):
    field.answering = False
    field.connect()
    body = field.join(Body(1))
    [ask] = [message for message in field.up if isinstance(message, EpochRequest)]
    forged = EpochAnswer(ask.request, ask.device, ask.storage, ask.psam, 65_535, "")
    field.down(topics.DOWN_NOW, encode_now(forged))
    field.down(topics.DOWN_NOW, Ledger(key=OTHER_KEY).sign_answer(ask.asked, forged))
    assert (field.join(body).current, field.box.totals()["answers_forged"]) == (0, 2)
    genuine = field.ledger.sign_answer(ask.asked, field.ledger.epoch(ask))
    effects = field.box.on_downlink(field.now(), topics.DOWN_NOW, genuine)
    assert [effect.epoch for effect in effects if isinstance(effect, KeepEpoch)] == [1]


def test_time_that_answers_a_late_request_is_taken(field, body):
    field.hear(("tcp", 1), body.say(Type.ONLINE_REQUEST, link.ONLINE_REQUEST.encode(link.Ask(5, 6000, b"INIT"))))
    [request] = [message for message in field.up if isinstance(message, OnlineRequest)]
    time = field.ledger.sign_answer(request.asked, LedgerTime(field.ledger_ms() + 9_000))
    field.down(topics.DOWN_NOW, time)
    field.hear(("tcp", 1), body.say(Type.ONLINE_REQUEST, link.ONLINE_REQUEST.encode(link.Ask(6, 6000, b"INIT"))))
    later = [message for message in field.up if isinstance(message, OnlineRequest)][-1]
    assert later.until_ms == request.until_ms + 9_000
