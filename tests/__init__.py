"""Tests: one file a module, and one a risk."""
