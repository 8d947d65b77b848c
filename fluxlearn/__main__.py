"""`python -m fluxlearn`: the command line."""

from fluxlearn.cli import main

main()
