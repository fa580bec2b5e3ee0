"""Words of pages that say no: what happened, and what to do now."""

from shared.words.voice import Text

CODES = (400, 403, 404, 405, 409, 410, 413, 415, 429, 500, 503)
"""Of each there is a title and what to do; of others, that of 500."""
WORDS: dict[str, Text] = {
    "error_400": Text("这份表单没有被收下", "This form was not accepted"),
    "error_400_do": Text(
        "页面打开太久，或期间换过登录。请返回、刷新，再提交一次。没有改动任何东西。",
        "The page was open too long, or the sign-in changed meanwhile. Go back, reload and send it again. "
        "Nothing was changed.",
    ),
    "error_403": Text("没有权限", "No permission"),
    "error_403_do": Text(
        "您的角色看不到这里，或不能做这件事。需要时请管理员在“用户”里授予。",
        "Your roles do not include this page or act. An administrator can grant it under “People”.",
    ),
    "error_404": Text("没有这个页面", "No such page"),
    "error_404_do": Text(
        "地址有误，或它已被删除、不在您的范围内。可用上方的查找，或从菜单进入。",
        "The address is wrong, or what it named was deleted or is outside your scope. Search above, or use the menu.",
    ),
    "error_405": Text("这里不能这样打开", "This cannot be opened like that"),
    "error_405_do": Text(
        "这个地址只接受页面上的按钮。请从菜单进入，再点按钮。",
        "This address is for a button of a page. Open the page from the menu and press the button there.",
    ),
    "error_409": Text("已被改动", "It has changed"),
    "error_409_do": Text(
        "您打开页面以后，别人改过它，或已办过。请返回刷新，看过再决定。没有改动任何东西。",
        "Somebody changed it or did it already since you opened the page. Go back, reload, look, then decide. "
        "Nothing was changed.",
    ),
    "error_410": Text("链接已失效", "This link no longer works"),
    "error_410_do": Text(
        "链接已用过或已过期。设过密码的请直接登录；否则请管理员给新链接，或在服务器上执行 cloud sign-in。",
        "It was used or has expired. If you have a password, sign in. Otherwise ask an administrator for a new link "
        "under “People”, or run cloud sign-in at the server.",
    ),
    "error_413": Text("内容太大", "Too large"),
    "error_413_do": Text(
        "上传的图纸至多 7 MiB，其他文件至多 300 kB。请缩小或分开后再传。没有保存任何东西。",
        "Drawings may have 7 MiB, other files 300 kB. Make it smaller or split it, then send it again. "
        "Nothing was saved.",
    ),
    "error_415": Text("文件种类不对", "Wrong kind of file"),
    "error_415_do": Text("请看页面上写明的种类，换一个文件再传。", "The page says which kinds it takes."),
    "error_429": Text("太频繁了", "Too many tries"),
    "error_429_do": Text("请等五分钟再试。", "Wait five minutes, then try again."),
    "error_500": Text("程序出错了", "Something went wrong here"),
    "error_500_do": Text(
        "错误已记入日志。刚才的操作也许做了，也许没有：请先到相应页面查看，再决定是否重做。报修时请说出下面的编号。",
        "The fault was logged. What you did may or may not have been done: look at its page before you repeat it. "
        "Quote the number below when you report this.",
    ),
    "error_503": Text("暂时做不到", "Not possible just now"),
    "error_503_do": Text(
        "其他页面照常可用。若稍后仍如此，请在“服务”里看哪一项有问题。",
        "Other pages work as usual. If it stays like this, see under “Services” what is wrong.",
    ),
    "fault_number": Text("编号", "Number"),
    "fault_at": Text("时间", "Time"),
    "to_home": Text("回到首页", "Back to the start"),
    "to_login": Text("去登录", "Sign in"),
    "your_roles": Text("您的角色", "Your roles"),
    "login_expired": Text(
        "登录已过期，或已在别处下线。请重新登录，之后回到刚才的页面。若刚才提交过内容，它没有保存，请再做一次。",
        "Your sign-in has expired or was ended elsewhere. Sign in again, and you return to your page. If you had just "
        "sent something, it was not saved: do it again.",
    ),
}
