"""Attention maps."""
