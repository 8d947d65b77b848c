"""Sweeps: one painting for each of many interventions, and a number for each painting.

grid         which interventions: labels along named axes, and what each cell does
sweep        paint them all, measure, resume; and what that will cost
swept        the numbers that come out, with their axes
measures     what to measure where no evaluator is at hand
patching     where, and when, what two prompts differ in takes effect
"""
