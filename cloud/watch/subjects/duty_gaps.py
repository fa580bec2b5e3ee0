"""For how long somebody is on duty whenever a route wants one. Pure."""

from collections.abc import Sequence

from cloud.watch.notify.routes import DUTY, Policy, Route

STEP_S, AHEAD_S = 900, 86_400


def hours_covered(policy: Policy, campus_s: int) -> float | None:
    """Until a route wants somebody on duty and nobody is, a day at most; None: no route wants anybody."""
    routes = [one for one in policy.routes if any(DUTY in step.to for step in one.steps)]
    if not routes:
        return None
    times = range(campus_s, campus_s + AHEAD_S, STEP_S)
    bare = (at for at in times if _is_wanted(policy, routes, at) and not policy.rota.on(at, policy.calendar))
    return (next(bare, campus_s + AHEAD_S) - campus_s) / 3600


def _is_wanted(policy: Policy, routes: Sequence[Route], at_s: int) -> bool:
    """At night only routes that wake tell anybody."""
    is_night = policy.night.morning(at_s) is not None
    return any((one.wakes or not is_night) and one.is_on(policy.calendar, at_s) for one in routes)
