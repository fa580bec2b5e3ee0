"""Values of the box: streams and their sequences, ranges, effects, facts."""
