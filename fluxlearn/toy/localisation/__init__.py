"""Localisation: does the map of a word lie on the thing that the word names? Measured.

targets     words of a caption, and the mask of what each names
scores      pointing, overlap and area under the curve of a map and a mask
word_maps   attention and concepts of all targets: [word, step, block, head, h, w]
looking     where such maps come from: noised scenes, whose masks are exact, or paintings
methods     from all these maps to one map a word; the best block and head are chosen on other
            pictures than they are judged on
report      every method judged, beside what chance gives
table       the report as text
"""
