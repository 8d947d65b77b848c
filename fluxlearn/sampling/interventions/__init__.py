"""Interventions: what can be changed in a painting, one kind a file, each a short call.

    blocks       bypass                       a block is left out
    values       scale, set_to                gates, modulation, the time, any value
    heads        ablate_heads                 attention heads gather nothing
    knock_out    knock_out                    some tokens no longer see some others
    key_ids      shift_key_ids                keys stand elsewhere than their tokens
    prompts      swap_prompt, swap_padding    other text, from some step on, or behind the words
    patch        patch, copy_row              values of another painting
    steer        steer, direction_between     a push along a direction found from pairs of prompts

Each call gives an `Intervention`: a mapping that `fluxlearn.edit` takes as it is, and that can be
written to a file and made again (`edits_file`).
"""
