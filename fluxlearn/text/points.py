"""The points that `TextEncoders` shows: the two values that carry a prompt into the flow model."""

from fluxlearn.trace.point import Point

POINTS = (
    Point(
        name="text.t5",
        shape="batch txt context",
        equation="txt = RMSNorm(T5(words </s> <pad> …))",
        meaning="what each word means where it stands; becomes the text stream through txt_in",
        look="the same word differs with its neighbours; padding tokens are not zero and are read",
    ),
    Point(
        name="text.clip",
        shape="batch vec",
        equation="y = LayerNorm(CLIP(words))[first <|endoftext|>]",
        meaning="what the whole prompt is about; joins the time embedding in vec through vector_in",
        look="prompts of one subject lie close together; word order hardly moves it",
    ),
)
