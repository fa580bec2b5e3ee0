"""A bank's own files, read: what 专户 held at the end of a day. Each form is detected, and adds up or is refused."""
