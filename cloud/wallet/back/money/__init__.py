"""Families of calls about money: the statement, codes and orders, deposits."""
