"""Seeing the model."""
