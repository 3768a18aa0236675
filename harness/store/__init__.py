"""Results on disk: a folder for every run and search, and what is kept of datasets."""
