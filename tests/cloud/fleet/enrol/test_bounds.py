"""How often one sender may ask: wrong ones get slower by themselves, others notice nothing."""

from cloud.fleet.enrol.bounds import FULL, PER_S, SENDERS_MAX, WRONG_COST, Senders


def test_a_sender_has_a_bucket_that_fills_again() -> None:
    senders = Senders()
    assert [senders.may_ask("a", 0.0) for _ in range(int(FULL) + 1)] == [True] * int(FULL) + [False]
    assert senders.may_ask("b", 0.0)
    assert not senders.may_ask("a", 0.9 / PER_S)
    assert senders.may_ask("a", 1.1 / PER_S)


def test_wrong_codes_cost_more_and_it_is_told_how_long() -> None:
    senders = Senders()
    tried = 0
    while senders.may_ask("thief", 0.0):
        senders.was_wrong("thief", 0.0)
        tried += 1
    assert tried == 3
    wait_s = senders.waits_s("thief", 0.0)
    assert wait_s >= WRONG_COST / PER_S / 10
    assert not senders.may_ask("thief", wait_s - 2.0)
    assert senders.may_ask("thief", wait_s + 1.0)


def test_so_many_addresses_are_remembered_and_the_silent_ones_go_first() -> None:
    senders = Senders()
    for n in range(SENDERS_MAX + 10):
        senders.may_ask(str(n), 0.0)
    assert len(senders) == SENDERS_MAX
