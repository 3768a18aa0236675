"""Systems that were trained elsewhere: what they are given, and the lists or embeddings that come back."""
