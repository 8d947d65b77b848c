"""Joint attention."""
