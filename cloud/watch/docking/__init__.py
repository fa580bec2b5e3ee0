"""Docking of third-party devices, in a process of its own: by Sparkplug B, or by JSON that a template reads.

Nothing here is about money, and nothing about money may rest on it: it knows no acknowledgement, no record and no key
of one. Cores are pure; the rim is `app`, `door` (a broker), `gate` (a broker of our own), `http` and `keeping`.
"""
