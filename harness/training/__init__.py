"""One run: prepared data, negative sampling, the training loop and the test."""
