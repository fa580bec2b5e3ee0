"""Card and phone lost: reported by the holder or anybody, blocked in one act, taken back by who may."""
