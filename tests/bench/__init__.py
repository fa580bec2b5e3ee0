"""`./ykt bench`: a row per figure, beside a yardstick measured in the same run. No test ever asserts a rate."""
