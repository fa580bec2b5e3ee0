"""Chinese names that a campus begins with: of its meals, of a body in the cupboard, of holders in a demonstration.

They are data, as those of its own plan: they stand in its files, on its cards and receipts, in whatever language.
"""

MEALS = ("早餐", "午餐", "晚餐", "夜宵")
SPARE = "备用 spare"
DEMO = "演示"
