"""Speed and memory: our steps beside RecBole's and beside the plainly written equations."""
