"""A study as files for others: packing what a store holds of a plan, and taking such a bundle over."""
