"""What the network computes, one idea per file; `flux.py` is the whole on one screen."""
