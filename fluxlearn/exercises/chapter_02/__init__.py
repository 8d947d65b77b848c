"""DDPM and flow matching, Stable Diffusion and Flux."""
