"""Measuring recommendations: full rankings, metrics, strata of users and items, and statistics."""
