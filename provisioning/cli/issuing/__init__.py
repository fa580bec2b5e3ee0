"""Cards are made here: stock, batches, the reader they are made in, the bodies a school tries before it orders."""
