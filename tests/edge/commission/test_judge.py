"""Fit, not fit, unknown: each with its why, and never fit by default."""

import pytest

from edge.commission.judge import Counted, Fit, advice, judge, judge_load, judge_ohms, judge_rest
from edge.commission.sheet import bus_json, bus_sheet
from shared.words.voice import Language

REST = Counted(300, frames=600)
LOAD = Counted(300, frames=200_000, load=0.7)


@pytest.mark.parametrize(("rest", "load", "ohms", "fit", "why"), [
    (REST, LOAD, 60, Fit.FIT, "fit for use"),
    (REST, LOAD, None, Fit.UNKNOWN, "the ohms were not measured"),
    (Counted(100, frames=200), LOAD, 60, Fit.UNKNOWN, "measured for less than 10 minutes"),
    (REST, LOAD, 120, Fit.NOT_FIT, "120 ohms: a terminator is missing"),
    (REST, LOAD, 40, Fit.NOT_FIT, "40 ohms: too many, or a short"),
    (REST, LOAD, 2000, Fit.NOT_FIT, "2000 ohms, where 60 are right"),
    (Counted(300, 600, errors=1), LOAD, 60, Fit.NOT_FIT, "1 bad frames at rest"),
    (Counted(300, 6000, errors=1), LOAD, 60, Fit.UNKNOWN, "a few bad frames at rest: 1"),
    (Counted(300, 600, offs=1), LOAD, 60, Fit.NOT_FIT, "went bus-off at rest"),
    (REST, Counted(300, 200_000, errors=250, load=0.7), 60, Fit.NOT_FIT, "250 bad frames under load"),
    (REST, Counted(300, 200_000, errors=30, load=0.7), 60, Fit.UNKNOWN, "a few bad frames: 30"),
    (REST, Counted(300, 200_000, errors=30, tec_peak=128, load=0.7), 60, Fit.NOT_FIT,
     "error counters rose to 128 under load"),
    (REST, Counted(300, 10, unheard=400), 60, Fit.UNKNOWN, "no other node answers on the bus"),
    (REST, Counted(300, 900, load=0.01), 60, Fit.UNKNOWN, "only 1% of the bus could be loaded"),
])  # fmt: skip
def test_judgements(rest, load, ohms, fit, why):
    judged = judge(rest, load, ohms)
    assert (judged.fit, str(judged.why.in_language(Language.EN))) == (fit, why)


def test_what_is_bad_outweighs_what_is_unknown():
    assert judge(REST, Counted(300, 900, load=0.01), 120).fit is Fit.NOT_FIT
    assert {judge_rest(REST).fit, judge_load(LOAD).fit, judge_ohms(60).fit} == {Fit.FIT}


def test_a_re_used_line_that_is_not_fit_is_to_be_tried_at_50_kbit():
    bad = judge(REST, LOAD, 120)
    assert "50 kbit/s" in str(advice(bad, 125_000))
    assert advice(bad, 50_000) is None


def test_the_sheet_says_all_of_it_and_has_room_to_sign():
    page = "\n".join(bus_sheet("can0", 125_000, REST, LOAD, None, "2026-11-28 00:10"))
    assert "can0" in page
    assert "____" in page
    assert max(map(len, page.splitlines())) < 120
    assert bus_json("can0", 125_000, REST, LOAD, 60)["judged"] == "fit"
