"""What a desk reaches: its own body, the centre, the key process, the card in its field, its open matters."""
