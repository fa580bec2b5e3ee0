"""The card desk 卡务台: a terminal's program for cashiers. Its lines to ledger and keys, and what it does with them."""
