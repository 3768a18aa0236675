"""Tests of the package evaluation.stats."""
