"""A box that its platform does not understand keeps everything, sends nothing for a minute, and then asks again."""

from edge.box.up.greeting import PATIENCE_S, REFUSED_S, Greeting


def test_after_a_refusal_nothing_is_said_for_a_while_and_then_again() -> None:
    greeting = Greeting()
    greeting.begin(0.0)
    greeting.said(0.0)
    greeting.refused(1.0)
    assert not greeting.is_due(REFUSED_S)
    assert greeting.is_due(1.0 + REFUSED_S)
    assert not greeting.may_send(REFUSED_S + PATIENCE_S), "it is asked first"


def test_an_answer_that_comes_after_all_counts() -> None:
    greeting = Greeting()
    greeting.begin(0.0)
    greeting.refused(1.0)
    greeting.answered()
    assert greeting.may_send(2.0)
