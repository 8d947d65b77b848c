"""The last layer and the whole model."""
