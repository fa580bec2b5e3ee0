"""The campus's authority, the identities of boxes, and which ones count no more."""
