"""About 关于: which version this is, of which campus, demonstration or production, and where to read on."""

from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

from flask import render_template

from cloud.console.access.rights import Right
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.process.functions import read_off
from shared.input.functions import Function
from shared.words.voice import Text

HELP = (
    ("docs/golive/README.md", Text("上线：从空服务器到第一笔收款", "Going live, from a bare server to the first sale")),
    ("docs/production.md", Text("制卡与密钥轮换", "Making cards, rotating keys")),
    ("docs/status.md", Text("服务状态与服务目标", "Status of services, and the goals of a month")),
    ("docs/alarms.md", Text("报警、通知与值班", "Alarms, who is told, duty")),
    ("docs/metrics.md", Text("指标与时序库", "Metrics and stores of them")),
    ("docs/docking.md", Text("第三方接入", "Docking of others' devices")),
    ("docs/firmware.md", Text("固件升级", "Firmware")),
    ("docs/jobs.md", Text("批量任务", "Jobs")),
    ("docs/records.md", Text("交易记录与对账", "Records and reconciliation")),
    ("docs/ceremony.md", Text("密钥仪式", "The ceremony of keys")),
)
"""Pages beside the program: they are in each copy of it, and need no network."""
NEEDS = {"docs/docking.md": Function.DOCKING}
"""A page about what is off in this campus is not named."""


@cache
def version() -> str:
    """As it is installed; '' for one that is not."""
    try:
        return installed("openykt")
    except PackageNotFoundError:
        return ""


def _about(sources: Sources) -> Reply:
    off = read_off(sources.settings.data)
    shown = [row for row in HELP if NEEDS.get(row[0]) not in off]
    return render_template("system/about.html", settings=sources.settings, version=version(), help=shown)


PAGES = (Page("about", "/about", Right.SELF, _about, Menu.SYSTEM),)
