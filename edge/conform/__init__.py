"""The edge's end of a terminal link as an examiner: does somebody else's terminal keep docs/protocol? Sans-I/O core."""
