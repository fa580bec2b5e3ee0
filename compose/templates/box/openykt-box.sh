#!/bin/sh
# 启动哪个发行由它决定，不属于任何发行；只用 Debian 的 python3
# decides which release starts, and belongs to none; Debian's python3 alone
PYTHONPATH=/usr/lib/openykt/lib exec /usr/bin/python3 -B -P -S -m edge.upgrade "$@"
