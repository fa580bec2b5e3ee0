"""Attacks from outside: own bytes on the wires, own clients, own sums; of the product only its command lines are used."""
