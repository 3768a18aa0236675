"""Doing what a store lacks of a plan: in this process, in several processes or on a Dask cluster."""
