"""The file of who is told: read whole, or refused with line, key and reason."""

import re

import pytest

from cloud.watch.notify.policy_file import SIZE_MAX, read_policy
from cloud.watch.notify.routes import DUTY, Policy, Route
from cloud.watch.notify.templates import STANDARD
from cloud.watch.notify.terms import Channel
from compose.place import ROOT
from shared.clocks.school_days import Calendar, Span, SpanKind
from shared.errors import ConfigFault
from shared.words.voice import Language

PERSONS = {"王芳", "李明", "主任"}
FILE = """format = 1
[night]
from = "22:00"
until = "06:30"
[[shift]]
name = "白班"
from = "06:30"
until = "22:00"
days = "12345"
persons = ["王芳", "李明"]
in_turn = true
[[swap]]
day = "2026-12-01"
instead_of = "王芳"
by = "李明"
[[route]]
name = "钱"
families = ["ledger", "card"]
wakes = true
[[route.step]]
to = ["duty"]
by = ["sms", "mail"]
[[route.step]]
after = "15m"
to = ["主任"]
by = ["sms"]
"""


def read(text: str) -> Policy:
    return read_policy(text, PERSONS, Calendar())


def test_a_file_says_all_of_it() -> None:
    policy = read(FILE)
    (route,) = policy.routes
    assert [(step.after_s, step.to) for step in route.steps] == [(0, ("duty",)), (900, ("主任",))]
    assert route.steps[0].channels == (Channel.SMS, Channel.MAIL)
    assert (route.wakes, policy.night.from_s, policy.per_ten_minutes) == (True, 22 * 3600, 10)
    assert policy.rota.swaps == {(9831, "王芳"): "李明"}


def test_a_step_may_tell_a_program() -> None:
    step = '[[route.step]]\nafter = "1h"\nto = ["hook:ops"]\nby = ["webhook"]\n'
    told = read(FILE + step).routes[0].steps[-1]
    assert (told.to, told.channels) == (("hook:ops",), (Channel.WEBHOOK,))


def test_an_empty_file_tells_nobody() -> None:
    assert read("format = 1\n").routes == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("主任", "没有", 25, "没有登记此人"),
        ('"ledger"', '"x"', 18, "families"),
        ("15m", "15x", 24, "after"),
        ("15m", "0s", 20, "step"),
        ("15m", "25h", 24, "after"),
        ("wakes = true", "wake = true", 19, "wake"),
        ("2026-12-01", "2026-13-01", 13, "day"),
        ('days = "12345"', 'days = "8"', 9, "days"),
        ('from = "22:00"', 'from = "25:00"', 3, "from"),
        ('from = "22:00"', 'from = "05:00"', 3, "from"),
        ('by = ["sms"]', 'by = ["fax"]', 26, "by"),
        ('to = ["duty"]', "to = []", 21, "to"),
        ('by = ["sms"]', 'by = ["webhook"]', 26, "by"),
        ('to = ["duty"]', 'to = ["hook:ops"]', 22, "by"),
        ('to = ["duty"]', 'to = ["hook:../x"]', 21, "to"),
        ('persons = ["王芳"', 'persons = ["hook:ops"', 10, "persons"),
        ("format = 1", "format = 2", 1, "format"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old: str, new: str, line: int, said: str) -> None:
    with pytest.raises(ConfigFault, match=rf"^第 {line} 行 .*{said}"):
        read(FILE.replace(old, new, 1))


@pytest.mark.parametrize("text", ["format = ", "x" * (SIZE_MAX + 1), "a = " + "[" * 20_000])
def test_what_is_no_file_of_ours_is_refused(text: str) -> None:
    with pytest.raises(ConfigFault):
        read(text)


def test_two_routes_of_one_name_are_refused() -> None:
    step = '[[route]]\nname = "钱"\n[[route.step]]\nto = ["duty"]\nby = ["sms"]\n'
    with pytest.raises(ConfigFault, match="钱"):
        read(FILE + step)


PLACES = """format = 1
[[route]]
name = "programs"
[[route.step]]
to = ["hook:ops"]
by = ["webhook"]
[[route.step]]
after = "5m"
to = ["chat:duty"]
by = ["chat"]
"""


def test_a_place_that_the_file_of_ways_does_not_name_is_refused_when_it_is_pushed() -> None:
    policy = read_policy(PLACES, PERSONS, Calendar(), {"hook:ops", "chat:duty"})
    assert [step.to for step in policy.routes[0].steps] == [("hook:ops",), ("chat:duty",)]
    read_policy(PLACES, PERSONS, Calendar())  # what is in force stays so when a hook is taken away
    with pytest.raises(ConfigFault, match=r"第 9 行.*chat:duty"):
        read_policy(PLACES, PERSONS, Calendar(), {"hook:ops"})


@pytest.mark.parametrize(
    ("to", "by"), [("王芳", "chat"), ("chat:duty", "webhook"), ("hook:ops", "chat"), ("chat:duty", "sms")]
)
def test_a_place_has_one_way_and_a_person_none_of_those(to: str, by: str) -> None:
    text = PLACES.replace("chat:duty", to).replace('by = ["chat"]', f'by = ["{by}"]')
    with pytest.raises(ConfigFault, match="by: "):
        read_policy(text, PERSONS, Calendar())


def route_of(lines: str) -> Route:
    text = f'format = 1\n[[route]]\nname = "a"\n{lines}[[route.step]]\nto = ["duty"]\nby = ["mail"]\n'
    return read_policy(text, PERSONS, Calendar()).routes[0]


HOLIDAYS = Calendar((Span(SpanKind.HOLIDAY, "春节", 10, 20), Span(SpanKind.EXAM, "期末", 3, 5)))
DAY_S = 86_400


@pytest.mark.parametrize(
    ("lines", "campus_s", "counts"),
    [
        ("", 12 * DAY_S, True),
        ('days = "holiday"\n', 12 * DAY_S, True),
        ('days = "holiday"\n', 21 * DAY_S, False),
        ('days = "exam"\n', 4 * DAY_S, True),
        ('days = "school-days"\n', 12 * DAY_S, False),
        ('days = "free-days"\n', 12 * DAY_S, True),
        ('days = "term"\n', 12 * DAY_S, False),
        ('from = "06:00"\nuntil = "09:00"\n', 21 * DAY_S + 7 * 3600, True),
        ('from = "06:00"\nuntil = "09:00"\n', 21 * DAY_S + 9 * 3600, False),
        ('days = "holiday"\nfrom = "22:00"\nuntil = "06:00"\n', 21 * DAY_S + 3600, True),  # of the holiday's last night
        ('days = "holiday"\nfrom = "22:00"\nuntil = "06:00"\n', 10 * DAY_S + 3600, False),
    ],
)
def test_a_route_counts_on_days_of_the_school_calendar_and_in_its_hours(
    lines: str, campus_s: int, counts: bool
) -> None:
    assert route_of(lines).is_on(HOLIDAYS, campus_s) is counts


def test_a_shift_may_be_of_free_days_alone() -> None:
    text = (
        'format = 1\n[[shift]]\nname = "假日"\nfrom = "08:00"\nuntil = "20:00"\non = "holiday"\npersons = ["李明"]\n'
        '[[shift]]\nname = "平日"\nfrom = "08:00"\nuntil = "20:00"\non = "school-days"\npersons = ["王芳"]\n'
    )
    policy = read_policy(text, PERSONS, HOLIDAYS)
    assert [policy.persons((DUTY,), day * DAY_S + 9 * 3600) for day in (12, 24)] == [("李明",), ("王芳",)]


MEASURES = 'format = 1\n[[person]]\nname = "王芳"\nper_ten_minutes = 3\nquiet_from = "22:00"\nquiet_until = "07:00"\n'


def test_a_person_has_a_measure_and_quiet_hours_of_his_own() -> None:
    policy = read_policy(MEASURES, PERSONS, Calendar())
    assert (policy.most("王芳"), policy.most("李明")) == (3, 10)
    assert [policy.is_quiet("王芳", hour * 3600) for hour in (6, 7, 21, 22)] == [True, False, False, True]
    assert not policy.is_quiet("李明", 23 * 3600)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (MEASURES.replace("王芳", "谁"), r"person\[0\]\.name"),
        (MEASURES.replace("07:00", "7"), r"person\[0\]\.quiet_until"),
        (MEASURES.replace('quiet_until = "07:00"\n', ""), r"person\[0\]\.quiet_until"),
        (
            'format = 1\n[[route]]\nname = "a"\ndays = "fridays"\n[[route.step]]\nto = ["duty"]\nby = ["mail"]\n',
            r"route\[0\]\.days",
        ),
    ],
)
def test_what_a_person_or_a_day_cannot_be(wrong: str, said: str) -> None:
    with pytest.raises(ConfigFault, match=said):
        read_policy(wrong, PERSONS, Calendar())


def test_the_page_is_a_file_that_is_read() -> None:
    page = (ROOT / "docs" / "alarms.md").read_text(encoding="utf-8")
    (shown,) = (one for one in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if "[[route]]" in one)
    policy = read_policy(shown, PERSONS, Calendar(), ())
    assert policy.texts[Language.ZH].answer == STANDARD[Language.ZH].answer
