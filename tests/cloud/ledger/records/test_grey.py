"""The pure rule of grey records, case by case."""

import pytest

from cloud.ledger.records.grey import Case, Evidence, LoadStep, State, settle

A, B = (b"psam-1", 10), (b"psam-2", 20)
CASE = Case(1, A, 1000, 300)
AGAIN = Case(9, A, 1000, 300)
OTHER = Case(2, B, 1000, 300)
DEARER = Case(3, B, 1000, 450)
ONE, TWO = LoadStep(4, 700, 500), LoadStep(5, 1200, 100)
OPEN, EVIDENCE, RECOVERED, NOTHING, EMPTY = State

TABLE = {
    "nothing known": ([CASE], Evidence(), [OPEN]),
    "its own proof": ([CASE], Evidence(proof=A), [RECOVERED]),
    "another purchase took the counter": ([CASE], Evidence(proof=B), [NOTHING]),
    "the terminal saw the old counter": ([CASE], Evidence(claimed={1}), [NOTHING]),
    "next balance fits": ([CASE], Evidence(next_balance_fen=700), [EVIDENCE]),
    "next balance of another sum": ([CASE], Evidence(next_balance_fen=650), [OPEN]),
    "an entry over nothing": ([CASE._replace(amount_fen=0)], Evidence(next_balance_fen=1000), [EMPTY]),
    "next balance unchanged": ([CASE], Evidence(next_balance_fen=1000), [OPEN]),
    "proof beats balance": ([CASE], Evidence(proof=B, next_balance_fen=700), [NOTHING]),
    "proof beats claim": ([CASE], Evidence(claimed={1}, proof=A), [RECOVERED]),
    "claim beats balance": ([CASE], Evidence(claimed={1}, next_balance_fen=700), [NOTHING]),
    "two fit, so neither": ([CASE, OTHER], Evidence(next_balance_fen=700), [OPEN, OPEN]),
    "one fits, so the other not": ([CASE, DEARER], Evidence(next_balance_fen=700), [EVIDENCE, NOTHING]),
    "a claim decides between two": ([CASE, OTHER], Evidence({2}, None, 700), [EVIDENCE, NOTHING]),
    "one debit told twice": ([CASE, AGAIN], Evidence(next_balance_fen=700), [EVIDENCE, RECOVERED]),
    "a load in between": ([CASE], Evidence(next_balance_fen=1200, loads=[ONE]), [EVIDENCE]),
    "two loads in between": ([CASE], Evidence(next_balance_fen=1300, loads=[ONE, TWO]), [EVIDENCE]),
    "older loads do not disturb": ([CASE], Evidence((), None, 1200, [LoadStep(1, 0, 900), ONE]), [EVIDENCE]),
    "an older load with the same balance": ([CASE], Evidence((), None, 1200, [LoadStep(1, 700, 9), ONE]), [EVIDENCE]),
    "a load before the purchase": ([CASE], Evidence((), None, 1500, [LoadStep(4, 1000, 500)]), [OPEN]),
    "a missing load breaks the walk": ([CASE], Evidence((), None, 1300, [ONE, LoadStep(6, 1200, 100)]), [OPEN]),
    "a load that read another balance": ([CASE], Evidence((), None, 1300, [ONE, LoadStep(5, 1201, 100)]), [OPEN]),
}


@pytest.mark.parametrize("name", TABLE)
def test_settle(name: str) -> None:
    cases, evidence, states = TABLE[name]
    assert settle(cases, evidence) == {c.record: s for c, s in zip(cases, states, strict=True)}
    assert settle(cases[::-1], evidence) == {c.record: s for c, s in zip(cases, states, strict=True)}
