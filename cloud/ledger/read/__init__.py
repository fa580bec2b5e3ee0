"""The read side: one snapshot per question, plain values out."""
