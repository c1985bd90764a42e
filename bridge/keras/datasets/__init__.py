"""Texts as datasets of Keras: in memory, and streamed."""
