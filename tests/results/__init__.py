"""Tests of the committed studies, and of what the documents say of them."""
