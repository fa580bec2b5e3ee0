"""A box's own releases 网关发行: folders side by side, one of them current; taken, tried, kept or taken back.

What stands here is installed beside the releases and not in them (`/usr/lib/openykt`), runs on Debian's Python alone,
and imports nothing but what the package lays beside it (compose/release/debian.py): it has to outlive every release
that it starts.
"""
