"""Time, guidance and the vector that modulates."""
