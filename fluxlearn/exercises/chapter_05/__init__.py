"""Patches and positions."""
