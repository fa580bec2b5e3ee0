"""Offline pay codes 脱机付款码 in the books: the rule, certificates of phones, and what terminals took by them."""
