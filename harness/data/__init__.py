"""Raw sources to one canonical dataset."""
