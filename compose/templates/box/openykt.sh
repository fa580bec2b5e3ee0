#!/bin/sh
# 由 openykt 发行目录启动；只用 Debian 的 python3 / started from this release's folder, by Debian's python3
here=$(dirname "$(readlink -f "$0")")
python=/usr/bin/python3
found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
if [ "$found" != "@PYTHON@" ]; then
    echo "此版本需要 Python @PYTHON@，本机为 ${found:-无}" >&2
    echo "this release needs Python @PYTHON@, here is ${found:-none}" >&2
    exit 2
fi
PYTHONPATH="$here/../lib@BESIDE@" exec "$python" -B -P -S -c 'from shared.input.openykt import run; run()' "$@"
