"""Tests of the package text."""
