"""Payments 在线支付: codes and orders of the wallet, providers 支付渠道, and the life of a deposit through them."""
