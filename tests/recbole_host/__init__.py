"""Tests of the package recbole_host."""
