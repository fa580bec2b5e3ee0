"""Our cards in virtual readers: T=0 made of whole APDUs, vpcd, a pcscd of our own."""
