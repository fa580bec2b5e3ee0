"""Online payments 在线支付: a pay order 付款单 of a merchant, paid out of an online account in two steps.

Authorised, the sum is reserved 预授权; captured 请款, it is the merchant's; void, or after its time, it is the holder's
again. A refund 退款 gives back of what was captured. Every call has a key of its caller's, and is done once.
"""
