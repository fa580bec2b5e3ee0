"""An epoch is asked for once, kept before it is used, and never invented."""

from edge.box.terminals.epochs import ASK_AGAIN_S, REFUSED_S, Epochs
from edge.box.values.effects import KeepEpoch, Now
from edge.link.messages import Hello, Refusal
from shared.wire.messages import EpochAnswer
from tests.edge.rig import STORAGE, device, psam


def at(mono_s):
    return Now(mono_s, 0, 0)


def hello(number=1, card=1):
    return Hello(device(number), STORAGE, psam(card), 1, 1, 1, b"r_term00")


def answer(request, epoch, reason=""):
    return EpochAnswer(request.request, request.device, request.storage, request.psam, epoch, reason)


def test_known_triple_needs_no_question():
    epochs = Epochs([KeepEpoch(device(1), STORAGE, psam(1), 4)], bytes)
    assert epochs.resolve(at(0), hello(), 0).epoch == 4
    assert epochs.resolve(at(0), hello(card=2), 0).epoch == 0


def test_asks_names_the_highest_and_keeps_before_use():
    epochs = Epochs([KeepEpoch(device(1), STORAGE, psam(1), 4)], bytes)
    ask = epochs.resolve(at(0), hello(card=2), 3).ask
    assert (ask.device, ask.psam, ask.highest) == (device(1), psam(2), 4)
    assert epochs.resolve(at(0), hello(card=3), 9).ask.highest == 9
    ask = epochs.resolve(at(0), hello(card=2), 3).ask
    keep = epochs.answer(at(1), answer(ask, 5))
    assert keep == KeepEpoch(device(1), STORAGE, psam(2), 5)
    assert epochs.resolve(at(1), hello(card=2), 0).epoch == 0
    epochs.kept(keep)
    assert epochs.resolve(at(1), hello(card=2), 0).epoch == 5


def test_question_is_repeated_but_not_at_once():
    epochs = Epochs([], bytes)
    assert epochs.resolve(at(0), hello(), 0).ask is not None
    assert epochs.resolve(at(ASK_AGAIN_S - 0.1), hello(), 0).ask is None
    assert epochs.resolve(at(ASK_AGAIN_S), hello(), 0).ask is not None
    assert len(epochs.unanswered(at(ASK_AGAIN_S))) == 1


def test_refusal_is_believed_for_a_while():
    epochs = Epochs([], bytes)
    ask = epochs.resolve(at(0), hello(), 0).ask
    assert epochs.answer(at(0), answer(ask, 0, "psam-moved")) is None
    refused = epochs.resolve(at(1), hello(), 0)
    assert (refused.epoch, refused.refused, refused.refusal) == (0, "psam-moved", Refusal.PSAM_MOVED)
    assert epochs.resolve(at(1), hello(card=2), 0).ask is not None
    assert epochs.resolve(at(REFUSED_S), hello(), 0).ask is not None


def test_reason_that_we_do_not_know_is_a_busy_cloud():
    epochs = Epochs([], bytes)
    epochs.answer(at(0), answer(epochs.resolve(at(0), hello(), 0).ask, 0, "moon"))
    assert epochs.resolve(at(1), hello(), 0).refusal is Refusal.BUSY


def test_answer_that_nobody_asked_for_changes_nothing():
    epochs = Epochs([], bytes)
    ask = epochs.resolve(at(0), hello(), 0).ask
    other = EpochAnswer(1, device(1), STORAGE, psam(9), 3, "")
    assert epochs.answer(at(0), other) is None
    assert epochs.answer(at(0), EpochAnswer(1, device(2), STORAGE, psam(1), 3, "")) is None
    epochs.kept(epochs.answer(at(0), answer(ask, 3)))
    assert epochs.answer(at(0), answer(ask, 4)) is None
    assert epochs.resolve(at(0), hello(), 0).epoch == 3
