"""Who looks at whom, computed from queries and keys without ever holding the matrix.

    (1)  S = q·kᵀ / √d + mask           scores of one head, one row a query
    (2)  P = softmax(S)                 every row sums to 1

In FLUX.1-dev at 1024 × 1024 one block's P has 24 · 4608² entries: 2 GB in float32, 3 TB over the
57 blocks and 28 steps of a picture. What one wants to know of it is small, and exact without it:

    rows       some queries at a time: entropy, top k, log-sum-exp, one whole head
    columns    one more attention call: what some tokens, or groups of them, are given
    groups     names for tokens: words, padding, the picture, a reference
    looks      what to keep of one block's attention
    seen       means over steps, blocks and heads, taken as the values come in
    probe      the context manager that looks while a model runs
    maps       what each place of the picture gives to a word, ready to be shown
"""
