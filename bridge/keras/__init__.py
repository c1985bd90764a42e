"""Keras side: presets, the tokenizer layer, transplant, datasets."""
