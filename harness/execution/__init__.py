"""Doing what a store lacks of a plan, in one process, several, or on a cluster."""
