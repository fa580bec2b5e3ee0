"""Why a call was refused: the same form as the wallet's problems, and codes of this interface."""

from dataclasses import replace
from typing import Any

from cloud.wallet.line.problems import ARGUMENT, AWAY, BUSY, MALFORMED, MEDIA, CallRefused, Problem
from shared.words.voice import Text

TYPE = "urn:openykt:open:"
KEY_IN_URL = Problem(400, "key-in-url", Text("密钥不得写在网址里，请立即更换", "a key stood in the address: rotate it"))
NO_IDEMPOTENCY = Problem(400, "idempotency-key", Text("须有一个 Idempotency-Key", "exactly one Idempotency-Key"))
NOBODY = Problem(401, "unauthorised", Text("密钥无效", "no key that counts"))
SCOPE = Problem(403, "scope", Text("此应用没有这项权限", "not among this application's scopes"))
NONE = Problem(404, "not-found", Text("没有", "there is none"))
METHOD = Problem(405, "method", Text("不支持的方法", "not by this method"))
TOO_SLOW = Problem(408, "too-slow", Text("请求来得太慢", "the request came too slowly"))
TOO_LONG = Problem(413, "too-long", Text("请求过长", "the request is too long"))
TYPE_WRONG = Problem(415, "media-type", Text("须为 application/json", "application/json is wanted"))
REUSED = Problem(409, "key-reused", Text("幂等键已用于另一次调用", "the idempotency key was used for another call"))
QUOTA = Problem(429, "quota", Text("超过配额，请稍后再试", "the quota is used up, try again later"))
EVERYWHERE = (MALFORMED, NOBODY, SCOPE, TOO_SLOW, TOO_LONG, ARGUMENT, QUOTA, AWAY)
"""What any call may hear."""


def quota(wait_s: int) -> Problem:
    """The quota is used up for so long."""
    return replace(QUOTA, retry_s=wait_s)


def said(problem: Problem) -> dict[str, Any]:
    """As it is told."""
    return problem.to_json(TYPE)


__all__ = ["AWAY", "BUSY", "MALFORMED", "MEDIA", "CallRefused", "Problem", "quota", "said"]
