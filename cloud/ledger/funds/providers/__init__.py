"""Deposits through providers 渠道充值 in the books: orders, what they post, bills and what does not match."""
