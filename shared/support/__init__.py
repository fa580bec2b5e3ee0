"""What an installation says of itself to whoever looks after it: what is wrong, what it is, what it did, that it moves.

No rule of money or records stands here, and nobody needs it to sell.
"""
