"""Texts to rows of numbers, one for every user and item."""
