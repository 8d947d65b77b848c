"""One painting and a look inside it, as pictures and a page: what `fluxlearn demo` runs."""

PROMPT = "a large red circle left of a small blue square on a white background"
