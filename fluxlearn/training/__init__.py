"""How the weights came to be: times, losses, averages, the loop, distillation."""
