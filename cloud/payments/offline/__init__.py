"""Offline pay codes 脱机付款码: certificates for phones, asked for by the wallet's accounts service."""
