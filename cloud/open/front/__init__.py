"""The open platform's front: HTTPS for programs, webhooks on their way, and one line to the accounts service behind.

It opens no database and nothing of DATA but DATA/open: its certificate, our CA, the token of its line. Whose key comes
by, what it may and what has happened is said behind it.
"""
