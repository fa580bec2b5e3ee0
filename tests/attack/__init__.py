"""Attacks from outside: own bytes on the wires, own clients, own sums. Of the product: only its command lines."""
