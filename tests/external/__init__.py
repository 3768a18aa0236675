"""Tests of the package external."""
