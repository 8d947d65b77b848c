"""Schedule, time shift and solvers."""
