"""People 用户: who may sign in and what he is, what he has open, and what everybody has done."""
