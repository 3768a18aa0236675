"""Tests of the package bundle."""
