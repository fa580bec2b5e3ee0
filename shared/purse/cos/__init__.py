"""Card and PSAM in software: a COS in bytes, its files, its memory image."""
