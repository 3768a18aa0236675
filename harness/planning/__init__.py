"""What a plan asks for: its parts, the datasets and systems it expands to, and their runs."""
