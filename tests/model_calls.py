"""What a listener to model calls tells of one call: for tests of `lens` and `attribute`."""


def one_call(listen, flux, inputs):
    """The call as the listener tells it, and the model's own velocity."""
    with listen(flux) as calls:
        velocity = flux(**inputs)
    (call,) = calls
    return call, velocity
