"""The wallet's front: `./ykt cloud wallet`. Pages for phones and one line to the accounts service; it holds nothing.

It opens no database, no key and nothing of DATA but DATA/front: its certificate, our CA, the token of its line. What a
session is, who may see what, whether a callback is true: the accounts service says, and this zone cannot.
"""
