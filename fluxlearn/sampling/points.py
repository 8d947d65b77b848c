"""The table of taps in the sampler, in order of execution; `step.*` fire once a model call."""

from fluxlearn.trace.point import Point

# fmt: off
NOISE = (
    Point("in.latent", "batch channel height width", "ε, or (1 − t)·x₀ + t·ε",
          "the latent that painting starts from", "pure noise unless there is a start image"),
)

STEPS = (
    Point("step.x", "batch img patch", "x_t",
          "image tokens before the step", "structure appears long before detail"),
    Point("step.v", "batch img patch", "v(x_t, t, prompt)",
          "the velocity that the step follows, after guidance", "out.velocity, unless guidance needs two calls"),
    Point("step.x0_hat", "batch img patch", "x_t − t·v",
          "where the path leads if it goes straight on", "the storyboard: blurred at first, then sharp"),
    Point("step.eps_hat", "batch img patch", "x_t + (1 − t)·v",
          "the noise that the model sees in x_t", "close to the true noise from the start"),
    Point("step.x_next", "batch img patch", "x_t + (t_next − t)·v",
          "image tokens after the step", "the next step's step.x"),
)
# fmt: on
