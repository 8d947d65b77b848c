"""Look inside a forward pass and change what you see. Knows nothing of Flux."""
