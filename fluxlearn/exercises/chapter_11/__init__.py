"""The single-stream block."""
