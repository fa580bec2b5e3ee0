"""Every call of the open platform. A family is one file; a new one is a line here.

Whoever adds a call renews the published document: `./ykt cloud open document --out docs/api`.
"""

from cloud.open.families import codes, devices, events, identity, pay, sandbox
from cloud.open.route import Route

ROUTES: tuple[Route, ...] = (
    *pay.ROUTES, *events.ROUTES, *identity.ROUTES, *codes.ROUTES, *devices.ROUTES, *sandbox.ROUTES,
)  # fmt: skip
