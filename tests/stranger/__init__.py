"""A terminal of somebody who had only docs/protocol to go by; terminal.py stands here as it came."""
