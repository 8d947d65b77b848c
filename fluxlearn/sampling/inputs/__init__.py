"""Pictures as inputs: four ways to show one to a model that otherwise sees noise and text.

    control   edges or depth       beside the noise, in every token           canny, depth
    fill      picture and mask     beside the noise, in every token           fill
    kontext   a reference          more tokens, behind those of the noise     kontext
    redux     any picture          more tokens, behind those of the text      dev, schnell

Each is prepared once and stays the same at every step; none of them is noised.
"""
