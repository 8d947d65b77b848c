"""What a step of painting costs at full size, against diffusers on the same device and weights."""
