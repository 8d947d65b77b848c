"""Pixels ↔ latents: the convolutional autoencoder in front of and behind the transformer."""
