"""Tests of the package planning."""
