"""Payments 在线支付 by wallet: codes that a till scans, orders that a phone pays, and what follows from them."""
