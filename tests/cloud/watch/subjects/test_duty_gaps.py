"""Until when somebody is on duty, whenever a route wants somebody."""

from cloud.watch.notify.policy_file import read_policy
from cloud.watch.notify.routes import Policy
from cloud.watch.subjects.duty_gaps import hours_covered
from shared.clocks.school_days import WEEKDAYS

MONDAY_8 = 2 * 86_400 + 8 * 3600
FILE = """
format = 1
[[shift]]
name = "白班"
from = "06:30"
until = "22:00"
days = "{days}"
persons = ["王芳"]
[[route]]
name = "all"
wakes = {wakes}
days = "{school}"
[[route.step]]
to = ["{to}"]
by = ["mail"]
"""


def policy(*, days: str = "1234567", wakes: bool = False, school: str = "always", to: str = "duty") -> Policy:
    text = FILE.format(days=days, wakes=str(wakes).lower(), school=school, to=to)
    return read_policy(text, {"王芳"}, WEEKDAYS)


def test_two_teachers_and_no_nights_is_covered() -> None:
    assert hours_covered(policy(), MONDAY_8) == 24


def test_a_route_that_wakes_wants_somebody_at_night_too() -> None:
    assert hours_covered(policy(wakes=True), MONDAY_8) == 14
    assert hours_covered(policy(wakes=True), MONDAY_8 + 15 * 3600) == 0


def test_a_day_without_anybody_is_seen_the_day_before() -> None:
    assert hours_covered(policy(days="1"), MONDAY_8) == 22.5


def test_a_route_of_school_days_wants_nobody_on_a_free_one() -> None:
    friday = MONDAY_8 + 4 * 86_400
    assert hours_covered(policy(days="12345", school="school-days"), friday) == 24
    assert hours_covered(policy(days="12345"), friday) == 22.5


def test_where_no_route_asks_for_whoever_is_on_duty_nothing_is_known() -> None:
    assert hours_covered(policy(to="王芳"), MONDAY_8) is None
    assert hours_covered(Policy(), MONDAY_8) is None
