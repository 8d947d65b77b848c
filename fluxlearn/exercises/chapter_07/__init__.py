"""Rotary positions on three axes."""
