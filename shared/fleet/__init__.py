"""What comes down to boxes and terminals: versioned documents, each kind's bytes, and who may be believed. Pure."""
