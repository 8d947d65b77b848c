"""From noise to data by a straight line."""
