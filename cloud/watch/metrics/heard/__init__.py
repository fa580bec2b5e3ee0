"""What others say of themselves: boxes on up/bulk, the broker on its own topics, services on their pages.

All of it may be lost, and none of it is believed further than a point goes: each number is one of the closed list of
series, each tag a name that is bounded, in length and in number.
"""
