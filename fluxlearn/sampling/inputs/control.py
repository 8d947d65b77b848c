"""Control: a picture of edges or of depth, beside the noise in every token.

    token = noise 64 ++ control 64                                         = 128 values

Both halves of a token show the same place, so the input layer learns what to make of an edge there;
nothing else in the model is new. canny and depth differ in what they were trained with:

    canny   edges, white on black: `cv2.Canny(pixels, 50, 200)`, the same in all three colours
    depth   a depth map, near is white: of Depth Anything, the same in all three colours

Such maps come from other programs and are given as they are: `pipe.paint(prompt, control=edges)`.

Source: BFL flux/sampling.py `prepare_control`, flux/modules/image_embedders.py.
"""

from jaxtyping import Float
from torch import Tensor

from fluxlearn.autoencoder.autoencoder import AutoEncoder
from fluxlearn.sampling.inputs.pixels import encode_tokens


def control_tokens(
    autoencoder: AutoEncoder, control: Float[Tensor, "rgb px_h px_w"]
) -> Float[Tensor, "1 img patch"]:
    """What stands beside the noise: the tokens of the control picture.

    control  in [−1, 1], of the size of the picture that is painted.
    """
    # Differs from BFL: takes edges and depth as they are given, where BFL finds them itself in a
    # photograph that it first resizes.
    return encode_tokens(autoencoder, control)
