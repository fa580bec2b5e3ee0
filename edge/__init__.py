"""Box, terminal and card desk: what stands in a canteen or a bus. A folder imports only those below it."""
