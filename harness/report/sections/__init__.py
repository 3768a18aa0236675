"""The parts of a report, each from the finished runs of one dataset or of several."""
