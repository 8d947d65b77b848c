"""The autoencoder: pixels to latents and back."""
