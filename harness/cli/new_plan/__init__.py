"""A plan for tables of one's own: what their columns hold, and the plan's text with comments."""
