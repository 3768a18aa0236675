"""Tests of the package training.tuning."""
