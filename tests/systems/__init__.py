"""Tests of the package systems."""
