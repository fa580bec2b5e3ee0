"""What a lost card spends after its report, which the school bears, and what of its purse waits for whom."""
