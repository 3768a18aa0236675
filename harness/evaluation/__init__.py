"""What a list of recommendations is worth: rankings, metrics, strata and statistics."""
