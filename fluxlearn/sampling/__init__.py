"""Noise → picture: tokens, positions, schedule, solvers and the pipeline that joins them."""
