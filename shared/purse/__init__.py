"""The card's world in the words of PBOC and CJ/T: APDU, keys and MACs, card and PSAM in bytes, card flows."""
