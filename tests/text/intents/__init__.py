"""Tests of the package text.intents."""
