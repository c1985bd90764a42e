"""Training the new rows of a transplanted model against the model it came from."""
