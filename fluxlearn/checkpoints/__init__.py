"""Weights from the world: files, formats and names."""
