"""Reads raw sources of interactions and texts, checks them, and makes datasets of them."""
