"""The wallet 钱包: phones ask the front, the front asks the accounts service, which alone has ledger and people."""
