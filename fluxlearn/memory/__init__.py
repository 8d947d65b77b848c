"""Memory: applied to a model from outside, one function each; its forward pass stays as it is."""
