"""The search for hyper-parameters, which sees train and validation pairs alone."""
