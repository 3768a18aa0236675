"""Tests of the package baselines."""
