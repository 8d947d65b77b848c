"""The double-stream block."""
