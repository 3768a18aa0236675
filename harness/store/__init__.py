"""Results on disk: one write-once folder a run, and what is kept of datasets."""
