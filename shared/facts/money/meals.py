"""What the ledger tells of emergency meals 应急餐."""

from dataclasses import dataclass

from shared.facts.told import Level, Told


@dataclass(frozen=True)
class MealTwice(Told):
    code, level = "meal-twice", Level.GENERAL
    zh = "应急餐：{who} 同一餐次第二份，{fen:yuan}，照记并计入本周次数"
    en = "emergency meal: a second one of {who} in one meal period, {fen:yuan}: posted, and counted in the week"
    who: str
    fen: int


@dataclass(frozen=True)
class MealBeyond(Told):
    code, level = "meal-beyond", Level.GENERAL
    zh = "应急餐：{who} 超过每周次数，{fen:yuan}，照记"
    en = "emergency meal: {who} is above the week's number, {fen:yuan}: posted"
    who: str
    fen: int


@dataclass(frozen=True)
class MealWaits(Told):
    code, level = "meal-waits", Level.GENERAL
    zh = "应急餐挂账，{fen:yuan}：{reason:reason}"
    en = "an emergency meal waits in suspense, {fen:yuan}: {reason:reason}"
    reason: str
    fen: int


@dataclass(frozen=True)
class SheetProposed(Told):
    code, level = "meal-sheet-proposed", Level.GENERAL
    zh = "提议 {proposal}：应急餐登记单 {rows} 行，{fen:yuan}；{maker}"
    en = "proposal {proposal}: a sheet of {rows} emergency meals, {fen:yuan}; {maker}"
    proposal: int
    rows: int
    fen: int
    maker: str


@dataclass(frozen=True)
class SheetConfirmed(Told):
    code, level = "meal-sheet-confirmed", Level.GENERAL
    zh = "提议 {proposal} 已确认：应急餐登记单入账 {rows} 行；{maker} 提议，{checker} 确认"
    en = "proposal {proposal} is confirmed: {rows} emergency meals of a sheet posted; {maker}, confirmed by {checker}"
    proposal: int
    rows: int
    maker: str
    checker: str


@dataclass(frozen=True)
class MealBackProposed(Told):
    code, level = "meal-back-proposed", Level.GENERAL
    zh = "提议 {proposal}：应急餐改正，{who}，{fen:yuan}；{maker}"
    en = "proposal {proposal}: an emergency meal of {who} to be taken back, {fen:yuan}; {maker}"
    proposal: int
    who: str
    fen: int
    maker: str


@dataclass(frozen=True)
class MealBackConfirmed(Told):
    code, level = "meal-back-confirmed", Level.GENERAL
    zh = (
        "提议 {proposal} 已确认：应急餐改正，{who}，免欠 {debt_fen:yuan}，退账户 {online_fen:yuan}；"
        "{maker} 提议，{checker} 确认"
    )
    en = (
        "proposal {proposal} is confirmed: an emergency meal of {who} was taken back, {debt_fen:yuan} owed no more, "
        "{online_fen:yuan} to the account; {maker}, confirmed by {checker}"
    )
    proposal: int
    who: str
    debt_fen: int
    online_fen: int
    maker: str
    checker: str
