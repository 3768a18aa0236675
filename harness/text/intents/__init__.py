"""Writes profiles and intents from train reviews, with a language model or without one; see README.md."""
