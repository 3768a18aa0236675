"""Makes rows of numbers from texts, one row for every user and every item."""
