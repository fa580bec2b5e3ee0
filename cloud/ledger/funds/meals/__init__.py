"""Emergency meals 应急餐: who is enrolled, what one is, who owes for one, and the deposit that repays it."""
