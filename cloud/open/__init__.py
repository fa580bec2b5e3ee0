"""The open platform 开放平台: what programs of third parties ask of the campus, over HTTPS, by keys of their own.

A front (`front/`, DATA/open) is what they reach; behind it, in the accounts service (`back/`), one table (`table.py`)
says each call's name, scope, shapes and answers: routes, checks and the published document come from it. Applications,
quotas, events and webhooks stand in DATA/cloud/open.db; money moves in the ledger alone.
"""
