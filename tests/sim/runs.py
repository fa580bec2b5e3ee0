"""Many seeds on many processes. A worker that dies ends the run instead of hanging it."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

from tests.sim.blueprint import blueprint
from tests.sim.campus import Failure, Outcome, run_seed
from tests.sim.defects import DEFECTS
from tests.sim.ledgers import fresh_ledger
from tests.sim.parts import Parts


class Wanted(NamedTuple):
    """What one seed is to be run with. plant: name of a defect, or empty."""

    seed: int
    days: int
    taps: int
    plant: str


class Result(NamedTuple):
    """Either an outcome, or the law that broke and the report. cpu_s: of this seed."""

    seed: int
    outcome: Outcome | None
    law: str
    failure: str
    cpu_s: float


def run_all(wanted: Sequence[Wanted], jobs: int) -> Iterator[Result]:
    """The results in the order of `wanted`. Ending the iteration ends the run."""
    if jobs <= 1:
        yield from map(run_one, wanted)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        try:
            yield from pool.map(run_one, wanted)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def run_one(wanted: Wanted) -> Result:
    """One seed. What is made once per process, and copied for every seed, is none of its time."""
    blueprint()
    fresh_ledger()
    began = time.process_time()
    parts = DEFECTS[wanted.plant].parts if wanted.plant else Parts()
    try:
        outcome = run_seed(wanted.seed, days=wanted.days, taps=wanted.taps, parts=parts)
    except Failure as failure:
        text = f"{failure.text}\nfaults: {', '.join(failure.faults)}\n{failure.trace}"
        return Result(wanted.seed, None, failure.law, text, time.process_time() - began)
    return Result(wanted.seed, outcome, "", "", time.process_time() - began)
