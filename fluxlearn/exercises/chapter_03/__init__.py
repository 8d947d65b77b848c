"""Two text encoders."""
