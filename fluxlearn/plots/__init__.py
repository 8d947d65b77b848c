"""Arrays in, figures out. Never calls a model."""
