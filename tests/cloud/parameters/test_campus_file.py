"""One file says it for the whole campus: a wrong one is refused with line, key and reason, and a right one is weighed
for each terminal here and nowhere else."""

import random
from pathlib import Path

import pytest

from cloud.parameters.campus_file import SIZE_MAX, read_file
from cloud.parameters.differences import change_text, changes, difference_lines, eased, tighter
from cloud.parameters.resolve import Position, require_places, resolved, samples
from shared.clocks.clock import parse_time
from shared.clocks.school_days import SpanKind, school_days_since
from shared.errors import ConfigFault
from shared.fleet.parameters import (
    EVERY_OTHER,
    FEN_MAX,
    OFFLINE,
    Bearer,
    Limits,
    MealRow,
    OnlineRow,
    ParameterBody,
    Price,
    decode_parameters,
)
from shared.words.voice import Language, speak

ROOT = Path(__file__).parents[3]
TEXT = (Path(__file__).parent / "campus.toml").read_text(encoding="utf-8")
STUDENT, STAFF, VISITOR = 1, 2, 3
POS_1 = Position(b"\1", "pos-01", "pos", "canteen-1", "一楼大伙")
POS_2 = Position(b"\2", "pos-02", "pos", "canteen-1", "一楼面食")
LOAD = Position(b"\3", "load-01", "load", "canteen-1", "")
BUS = Position(b"\4", "bus-01", "validator", "bus-1", "校车")
CAMPUS = [POS_1, POS_2, LOAD, BUS]


def limits(position: Position, card_class: int, meal: int, text: str = TEXT) -> Limits:
    return resolved(read_file(text), position).limits_of(card_class, meal)


@pytest.mark.parametrize(
    ("position", "card_class", "meal", "wanted"),
    [
        (POS_1, STUDENT, 2, Limits(25_00, 40_00, 2, 100_00)),
        (POS_2, STUDENT, 2, Limits(30_00, 40_00, 2, 100_00)),
        (POS_1, STUDENT, 0, Limits(30_00, 40_00, 2, 100_00)),
        (POS_1, STAFF, 2, Limits(50_00, None, None, 100_00)),
        (POS_2, VISITOR, 1, Limits(50_00, None, None, 100_00, None, True)),
        (POS_2, EVERY_OTHER, 1, Limits(50_00, None, None, 100_00, None, True)),
        (POS_2, STUDENT, 1, Limits(30_00, 40_00, 2, 100_00)),
        (POS_2, 77, 1, Limits(50_00, None, None, 100_00, None, True)),
        (LOAD, STUDENT, 2, Limits()),
    ],
)
def test_the_rule_further_down_counts_value_by_value(
    position: Position, card_class: int, meal: int, wanted: Limits
) -> None:
    assert limits(position, card_class, meal) == wanted


def test_every_kind_of_terminal_gets_what_it_honours() -> None:
    pos, load, bus = (resolved(read_file(TEXT), one) for one in (POS_1, LOAD, BUS))
    assert (pos.ceiling_fen, load.ceiling_fen, bus.ceiling_fen) == (0, 1000_00, 0)
    assert (len(pos.ladder), len(pos.agreed or ()), load.agreed, bus.limits) == (2, 1, None, ())
    for body in (pos, load, bus):
        assert decode_parameters(body.encode()) == body
        assert (body.day_start_s, body.meals[1]) == (4 * 3600, MealRow(2, "午餐", 10 * 3600))


def test_the_file_of_the_page_is_right() -> None:
    page = (ROOT / "docs" / "parameters.md").read_text(encoding="utf-8")
    file = read_file(page.partition("```toml\n")[2].partition("```")[0])
    for one in samples(file):
        resolved(file, one)
    assert (len(file.rules), [span.name for span in file.calendar.spans]) == (4, ["2026 秋", "国庆"])


ONLINE = """
[[online]]
account = "next"
doubtful = true

[[online]]
terminals = ["pos-02"]
account = "first"
"""


def test_tills_ask_the_centre_where_the_file_says_so() -> None:
    file = read_file(TEXT + ONLINE)
    require_places(file, CAMPUS)
    asks = [resolved(file, one).online for one in (POS_1, POS_2, LOAD)]
    assert asks == [OnlineRow(False, True, True), OnlineRow(True, False, True), OFFLINE]
    before, after = (resolved(read_file(text), POS_2) for text in (TEXT, TEXT + ONLINE))
    assert decode_parameters(after.encode()) == after
    (line,) = difference_lines(file, before, after)
    assert ("每笔账户支付" in line.zh, "every sale by account" in line.en) == (True, True)


MEANS = """
[[online]]
account = "before"

[[online]]
classes = ["教工"]
account = "next"
"""


def test_which_means_comes_first_is_said_by_class_and_place() -> None:
    file = read_file(TEXT + MEANS)
    body = resolved(file, POS_1)
    assert body.online == OnlineRow(is_account_first=True, is_purse_behind=True)
    assert [row.online for row in body.online_classes] == [OnlineRow(is_account_next=True)]
    assert decode_parameters(body.encode()) == body
    lines = [line.zh for line in difference_lines(file, resolved(read_file(TEXT), POS_1), body)]
    assert any("账户不付时由卡内付" in line for line in lines)
    assert any("教工" in line and "余额不足时账户支付" in line for line in lines)


@pytest.mark.parametrize(
    ("said", "why"),
    [('account = "perhaps"', "account"), ("", "online"), ('terminals = ["load-01"]\ndoubtful = true', "load-01")],
)
def test_a_rule_about_asking_that_says_nothing_or_is_for_nobody_is_refused(said: str, why: str) -> None:
    with pytest.raises(ConfigFault, match=why):
        require_places(read_file(f"{TEXT}\n[[online]]\n{said}\n"), CAMPUS)


def test_validators_get_the_fares_and_nobody_else() -> None:
    bus, pos = (resolved(read_file(TEXT), one) for one in (BUS, POS_1))
    assert bus.fares is not None
    assert (bus.fares.discount_fen, bus.fares.lines[0].fares_fen, pos.fares) == (50, (150,), None)
    text = TEXT.replace("fares_fen = [150]", "fares_fen = [200]").replace("discount_fen = 50", "discount_fen = 60")
    dearer = read_file(text)
    lines = [one.zh for one in difference_lines(dearer, bus, resolved(dearer, BUS))]
    assert lines == [
        "线路 2 环线 票价 1.50 → 2.00",
        "乘车规则 换乘减 0.50（3600 秒，1/7200/60/600） → 换乘减 0.60（3600 秒，1/7200/60/600）",
    ]
    first = [one.en for one in difference_lines(dearer, None, bus)]
    assert first[0] == "line 2 环线, fares: as its settings say → 1.50"


PRICED = """
[[limit]]
meals = ["午餐"]
fixed = "8.00"
[[limit]]
classes = ["学生"]
fixed = "6.00"
discount = "20%"
bearer = "学校"
[[limit]]
terminals = ["pos-02"]
discount = "无"
"""


def test_prices_are_weighed_as_limits_are_and_told_in_words() -> None:
    before, after = read_file(TEXT), read_file(TEXT + PRICED)
    one, two = resolved(after, POS_1), resolved(after, POS_2)
    assert (one.price_of(STUDENT, 2), one.price_of(STAFF, 2), one.price_of(STAFF, 1)) == (
        Price(6_00, 20, 0, Bearer.SCHOOL), Price(8_00), Price(),
    )  # fmt: skip
    assert (two.price_of(STUDENT, 1), resolved(after, LOAD).prices) == (Price(6_00), ())
    assert decode_parameters(one.encode()) == one
    lines = [str(line.zh) for line in difference_lines(after, resolved(before, POS_1), one)]
    assert "午餐 其他卡类 价格 按输入金额 → 定额 8.00" in lines
    assert "早餐 学生 价格 按输入金额 → 定额 6.00，减 20%（学校承担）" in lines
    assert list(difference_lines(after, one, one)) == []
    assert eased(one, resolved(before, POS_1)).prices == ()


def test_a_pin_above_a_sum_is_off_until_the_file_says_so() -> None:
    text = TEXT + '[[limit]]\npin_above = "60.00"\n[[limit]]\nclasses = ["教工"]\npin_above = "无"\n'
    before, after = resolved(read_file(TEXT), POS_1), resolved(read_file(text), POS_1)
    assert (before.pins, before.pin_above(STUDENT, 2)) == ((), None)
    assert (after.pin_above(STUDENT, 2), after.pin_above(STAFF, 2)) == (60_00, FEN_MAX)
    assert decode_parameters(after.encode()) == after
    assert resolved(read_file(text), LOAD).pins == ()
    lines = [line.zh for line in difference_lines(read_file(text), before, after)]
    assert lines[0] == "首餐之前 其他卡类 当日超过即输密 不限 → 60.00"
    assert not tighter(before, after)


def test_a_fixed_amount_above_the_limit_of_one_purchase_contradicts_itself() -> None:
    speak(Language.EN)
    text = TEXT + '[[limit]]\nclasses = ["学生"]\nmeals = ["午餐"]\nfixed = "40.00"\n'
    with pytest.raises(ConfigFault, match=r"line 92: limit .* at pos-02: a fixed amount of 40.00 is"):
        resolved(read_file(text), POS_2)
    resolved(read_file(text + 'discount = "50%"\nbearer = "merchant"\n'), POS_2)


def test_a_limit_may_be_lifted_again() -> None:
    assert limits(POS_1, STAFF, 2, TEXT + '\n[[limit]]\nclasses = ["教工"]\nsingle = "无"\n').single_fen is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (('single = "30.00"', "single = 30"), "line 35: limit[1].single: a sum in yuan"),
        (('single = "30.00"', 'single = "三十"'), "line 35: limit[1].single"),
        (('single = "30.00"', 'single = "0"'), "line 35: limit[1].single: a sum out of bounds"),
        (('classes = ["学生"]\nsingle', 'classes = ["校友"]\nsingle'), "line 34: limit[1].classes: 校友 is not"),
        (('meals = ["午餐"]', 'meals = ["宵夜"]'), "line 41: limit[2].meals: 宵夜 is not defined"),
        (('meals = ["午餐"]', "meals = []"), "line 41: limit[2].meals: must not be empty"),
        (("serve = false\n", ""), "line 45: limit[3]: a rule that says no limit"),
        (("serve = false", "serve = 0"), "line 49: limit[3].serve"),
        (("serve = false", 'serve = false\ndiscount = "20%"'), "line 45: limit[3].bearer: who bears the discount"),
        (("serve = false", 'serve = false\ndiscount = "0%"\nbearer = "school"'), "line 50: limit[3].discount: "),
        (("serve = false", 'serve = false\ndiscount = "100%"\nbearer = "school"'), "line 50: limit[3].discount: "),
        (("serve = false", 'serve = false\ndiscount = "400"\nbearer = "school"'), "line 50: limit[3].discount: "),
        (("serve = false", 'serve = false\ndiscount = "5%"\nbearer = "me"'), "line 51: limit[3].bearer: who bears"),
        (("serve = false", 'serve = false\nbearer = "school"'), "line 50: limit[3].bearer: there is no discount"),
        (("serve = false", 'serve = false\nfixed = "0"'), "line 50: limit[3].fixed: a sum out of bounds"),
        (("serve = false", 'serve = false\npin_above = 9'), "line 50: limit[3].pin_above: a sum in yuan"),
        (("serve = false", "serve = false\nsums = 1"), "line 50: limit[3].sums: unknown key"),
        (("fares_fen = [150]", "fares_fen = [150, 200]"), "line 91: fares.lines[0].fares_fen: a flat line"),
        (("window_s = 3600", "windows_s = 3600"), "line 85: fares.windows_s: unknown key"),
        (("meal_count = 2", "meal_count = 0"), "line 37: limit[1].meal_count"),
        (("number = 2", "number = 1"), "line 20: meal[1].number: the numbers of meals must rise"),
        (('from = "10:00"', 'from = "05:00"'), "line 22: meal[1].from: not behind the meal before it"),
        (('from = "10:00"', 'from = "25:00"'), 'line 22: meal[1].from: as "06:30"'),
        (('name = "午餐"\nfrom', 'name = "早餐"\nfrom'), "line 21: meal[1].name: two meals of one name"),
        (('"教工" = 2', '"教工" = 1'), "line 11: classes.教工: a class, or its number, that is taken"),
        (('"教工" = 2', '"其他" = 2'), "line 11: classes.其他"),
        (('day = "40.00"', 'day = "70.00"'), "line 56: rung[1].age_hours: the older the hotlist, the lower the limit"),
        (('profile = "bank-ep"', 'profile = "subsidy"'), "line 60: agreed[0].profile: no main purse of that name"),
        (('issuer = "01', 'issuer = "'), "line 61: agreed[0].issuer: must have 8 bytes"),
        (("last = 2026-10-07", "last = 2026-09-07"), "line 76: holiday[0].last: before its first day"),
        (("last = 2026-10-07", 'last = "2026-10-07"'), "line 76: holiday[0].last: must be date"),
        (("first = 2027-02-22", "first = 2027-01-01"), "line 68: term[1]: 2026 秋 and 2027 春 overlap"),
        (("format = 1", "format = 2"), "line 2: format: only 1 is known"),
        (("format = 1", "format = "), "not TOML: Invalid value (at line 2"),
        (("[day]", "x = " + "[" * 5000 + "\n[day]"), "not TOML: "),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_line_key_and_reason(changed: tuple[str, str], said: str) -> None:
    speak(Language.EN)
    assert changed[0] in TEXT
    with pytest.raises(ConfigFault) as fault:
        read_file(TEXT.replace(*changed, 1))
    assert str(fault.value).startswith(said)


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ('classes=["学生"]\nmeal = "20.00"', "line 93: limit 早餐, 学生: one purchase of 30.00 is above "
         "the meal's sum of 20.00"),
        ('meals=["晚餐"]\nterminals=["pos-01"]\nday = "10.00"', "line 93: limit 晚餐, 学生 at pos-01: "
         "one purchase of 30.00 is above the day's sum of 10.00"),
        ('day_count = 1', "line 93: limit 早餐, 学生: the meal's count of 2 is above the day's count of"),
        ('classes=["教工"]\nmeal = "90.00"', "line 93: limit meal: a rung of 40.00 is below one meal of 90.00"),
    ],
)  # fmt: skip
def test_rules_that_contradict_each_other_are_found_without_knowing_the_campus(added: str, said: str) -> None:
    speak(Language.EN)
    file = read_file(f"{TEXT}\n[[limit]]\n{added}\n")
    with pytest.raises(ConfigFault) as fault:
        [resolved(file, one) for one in samples(file)]
    assert str(fault.value).startswith(said)


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ('terminals = ["pos-99"]', "line 93: limit terminals: there is no pos-99"),
        ('boxes = ["canteen-9"]', "line 93: limit boxes: there is no canteen-9"),
        ('merchants = ["三楼"]', "line 93: limit merchants: there is no 三楼"),
        ('terminals = ["bus-01"]', "line 93: limit terminals: bus-01 honours no limits yet"),
    ],
)
def test_a_place_that_there_is_not_is_refused(added: str, said: str) -> None:
    speak(Language.EN)
    require_places(read_file(TEXT), CAMPUS)
    with pytest.raises(ConfigFault) as fault:
        require_places(read_file(f'{TEXT}\n[[limit]]\n{added}\nsingle = "1.00"\n'), CAMPUS)
    assert str(fault.value).startswith(said)


def test_the_text_is_bounded_and_any_spoilt_text_is_a_file_or_a_fault() -> None:
    with pytest.raises(ConfigFault):
        read_file(TEXT + "#" * SIZE_MAX)
    chance, understood = random.Random(5), 0
    for _ in range(300):
        at = chance.randrange(len(TEXT))
        spoilt = TEXT[:at] + chance.choice(['"', "]", "0", "\n", "餐", ""]) + TEXT[at + chance.randrange(3) :]
        try:
            for one in samples(read_file(spoilt)):
                resolved(read_file(spoilt), one)
            understood += 1
        except ConfigFault:
            continue
    assert understood


def test_a_difference_is_said_in_words() -> None:
    file = read_file(TEXT.replace('single = "25.00"', 'single = "20.00"').replace('day = "100.00"', 'day = "120.00"'))
    before = resolved(read_file(TEXT), POS_1)
    lines = [one.zh for one in difference_lines(file, before, resolved(file, POS_1))]
    assert lines == ["各餐 其他卡类 当日合计 100.00 → 120.00", "午餐 学生 单笔 25.00 → 20.00"]
    assert [*difference_lines(file, before, before)] == []


def test_all_that_may_differ_is_said() -> None:
    file = read_file(TEXT)
    pos, load = resolved(file, POS_2), resolved(file, LOAD)
    plain = ParameterBody(meals=file.meals[:2], agreed=())
    said = [str(one) for one in difference_lines(file, plain, pos)]
    assert [line for line in said if "pos" in line] == []
    texts = [one.en for one in difference_lines(file, plain, pos)]
    assert "the day begins 00:00 → 04:00" in texts
    assert "meals 早餐 06:00, 午餐 10:00 → 早餐 06:00, 午餐 10:00, 晚餐 16:00" in texts
    assert "by age of the hotlist built-in → 24h 60.00, 72h 40.00" in texts
    assert "agreed issuers none → bank-ep 0102030405060708" in texts
    assert "早餐, every other class: served yes → no" in texts
    assert [one.zh for one in difference_lines(file, None, load)] == ["卡内余额上限 不限 → 1000.00"]


def test_what_is_tighter_is_known_and_ends_as_it_was() -> None:
    before = resolved(read_file(TEXT), POS_1)
    file = read_file(TEXT.replace('single = "25.00"', 'single = "20.00"').replace('day = "100.00"', 'day = "120.00"'))
    after = resolved(file, POS_1)
    assert [change_text(file, one).zh for one in tighter(before, after)] == ["午餐 学生 单笔 25.00 → 20.00"]
    back = eased(before, after)
    assert tighter(after, back) == []
    assert tighter(before, back) == []
    assert (back.limits_of(STUDENT, 2).single_fen, back.limits_of(STUDENT, 2).day_fen) == (25_00, 120_00)
    assert changes(after, after) == []


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("2026-09-30", "2026-10-08", 1),
        ("2026-10-09", "2026-10-12", 2),
        ("2027-01-15", "2027-02-23", 2),
        ("2026-09-04", "2026-09-07", 1),
        ("2028-03-03", "2028-03-06", 1),
    ],
)
def test_the_calendar_says_which_days_are_school_days(first: str, last: str, days: int) -> None:
    calendar = read_file(TEXT).calendar
    assert school_days_since(parse_time(first), parse_time(last), calendar) == days


def test_the_next_holiday_is_known() -> None:
    calendar = read_file(TEXT).calendar
    day = parse_time("2026-09-20") // 86_400
    holiday = calendar.next_holiday(day)
    assert holiday is not None
    assert (holiday.name, holiday.first - day, calendar.next_holiday(day + 30)) == ("国庆", 11, None)
    assert calendar.on(day, SpanKind.TERM) is not None
