"""Why a call was refused: a status of HTTP, a code for programs, two texts for people (RFC 9457).

The form of the wallet's problems and of the open platform's, and what both say.
"""

from dataclasses import dataclass
from typing import Any

from shared.errors import YktError
from shared.words.voice import Text

TYPE = "urn:openykt:wallet:"
MEDIA = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """retry_s: it may be asked again after so long; None: whenever."""

    status: int
    code: str
    text: Text
    retry_s: int | None = None

    def to_json(self, of: str = TYPE) -> dict[str, Any]:
        """As it is told. Both languages: the page chooses. of: whose codes these are."""
        told = {"type": of + self.code, "code": self.code, "status": self.status}
        told |= {"title": self.text.en, "zh": self.text.zh, "en": self.text.en}
        return told if self.retry_s is None else told | {"retry_s": self.retry_s}


class CallRefused(YktError):
    """Happens when somebody asks for what is not his, not now, or not so; nothing was changed."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


MALFORMED = Problem(400, "malformed", Text("请求有误", "a malformed request"))
ARGUMENT = Problem(422, "argument", Text("参数有误", "a wrong argument"))
UNKNOWN = Problem(404, "unknown-operation", Text("没有这项操作", "no such operation"))
SIGN_IN = Problem(401, "sign-in", Text("请先登录", "sign in first"))
NOT_YOURS = Problem(403, "not-yours", Text("无权查看或办理", "not yours to see or do"))
AGAIN = Problem(403, "prove-again", Text("请再次验证身份", "prove once more who you are"))
SHARED = Problem(403, "shared", Text("请在自己的手机上办理", "on one's own phone only"))
BLOCKED = Problem(403, "blocked", Text("已挂失锁定，先解除", "blocked as lost: take that back first"))
CONSENT_NEEDED = Problem(
    403, "consent-needed", Text("未满 14 岁：先由监护人同意", "under 14: a guardian's consent comes first")
)
NO_CODES = Problem(
    409, "no-codes",
    Text("本校不发短信验证码：请到卡务台拿登录链接", "no codes by SMS here: ask the desk for a link"),
)  # fmt: skip
NO_CARD = Problem(409, "no-card", Text("名下没有卡", "there is no card"))
AWAY = Problem(503, "away", Text("账户服务暂不可用，请稍后再试", "the accounts service is away, try again later"), 5)
BUSY = Problem(503, "busy", Text("人太多，请稍后再试", "too many at once, try again later"), 5)


def argument(name: str) -> Problem:
    """This one is wrong, or there is none of the name."""
    return Problem(ARGUMENT.status, ARGUMENT.code, Text(f"{ARGUMENT.text.zh}：{name}", f"{ARGUMENT.text.en}: {name}"))


def slow_down(retry_s: int) -> Problem:
    """Too many tries."""
    return Problem(429, "slow-down", Text("尝试太多，请稍后再试", "too many tries, try again later"), retry_s)
