"""What the operating system refuses, in words: ours in both languages where people meet it, else its own. Pure."""

import errno
from collections.abc import Mapping

from shared.words.voice import Text

_SAID: Mapping[int, Text] = {
    errno.ENOENT: Text("没有这个文件或目录", "no such file or directory"),
    errno.EACCES: Text("权限不足", "permission denied"),
    errno.EPERM: Text("不允许", "not permitted"),
    errno.EEXIST: Text("已存在", "there is one already"),
    errno.EISDIR: Text("这是目录，不是文件", "it is a directory, not a file"),
    errno.ENOTDIR: Text("路径中有一段不是目录", "a part of the path is no directory"),
    errno.ENOTEMPTY: Text("目录不空", "the directory is not empty"),
    errno.ENOSPC: Text("磁盘已满", "the disk is full"),
    errno.EDQUOT: Text("超出磁盘配额", "the disk quota is used up"),
    errno.EROFS: Text("文件系统只读", "the file system is read-only"),
    errno.EIO: Text("读写出错", "a read or write failed"),
    errno.EMFILE: Text("打开的文件过多", "too many open files"),
    errno.ENAMETOOLONG: Text("名称过长", "the name is too long"),
    errno.ELOOP: Text("符号链接成环", "symbolic links in a circle"),
    errno.ETXTBSY: Text("文件正在运行", "the file is being run"),
    errno.EBUSY: Text("正被占用", "it is in use"),
    errno.EADDRINUSE: Text("端口已被占用", "the port is in use"),
    errno.ECONNREFUSED: Text("拒绝连接", "connection refused"),
    errno.ECONNRESET: Text("连接被断开", "the connection was cut"),
    errno.ETIMEDOUT: Text("超时", "timed out"),
    errno.EHOSTUNREACH: Text("主机不可达", "no way to the host"),
    errno.ENETUNREACH: Text("网络不可达", "no way to the network"),
}


def why_not(fault: OSError) -> Text:
    """Why the system would not; of what it has no number for, its own words or the fault's kind."""
    own = fault.strerror or type(fault).__name__
    return _SAID.get(fault.errno or 0, Text(own, own))
