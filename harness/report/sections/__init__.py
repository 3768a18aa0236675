"""The sections of a report. Each is made from the finished runs of one dataset, or of several."""
