"""Exercises that check themselves, and checkers that are themselves checked.

    fl.check.rope(my_rope)        what is right, and the first thing that is not
    fl.hint("rope")               three of them, one a call
    fl.solution("rope")           the source of a right answer

Every file below a chapter's folder is one exercise.
"""
