"""The accounts service 账户服务: `./ykt cloud accounts`. It alone opens ledger and people for the wallet's front.

`app` serves; `table` puts the families of calls together, a file each; a family is functions over a Context.
"""
