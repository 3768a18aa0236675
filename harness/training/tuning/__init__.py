"""A search for hyper-parameters, on validation pairs alone."""
