"""Prompts → conditioning, with transformers' CLIP and T5."""
