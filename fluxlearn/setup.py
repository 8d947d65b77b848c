"""The first line of every notebook: the same random numbers, threads and look everywhere."""


def setup(seed: int = 0, threads: int | None = 2, theme: str = "light") -> str:
    """Seed all random numbers, fix the CPU threads and draw figures in this project's look.

    seed     of Python, numpy and torch; painting takes a seed of its own.
    threads  of a matrix product. Sums differ in their last bits with the number of threads, so it
             is fixed; the toy models gain nothing from more. None leaves all cores to torch.
    theme    of figures, "light" or "dark".

    Returns one line that says so. Raises ValueError for an impossible seed, number or theme.
    """
    import random
    import warnings

    import numpy as np
    import torch

    from fluxlearn.plots.style import use_style

    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError(f"seed is {seed!r}, but a whole number from 0 to 2³² − 1 is expected.")
    if threads is not None and (not isinstance(threads, int) or threads < 1):
        raise ValueError(f"threads is {threads!r}, but None or a number from 1 is expected.")
    # transformers' progress bars ask for a widget package that nothing here needs.
    warnings.filterwarnings("ignore", message="IProgress not found")
    use_style(theme)
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    if threads is not None:
        torch.set_num_threads(threads)
    # Harmless on a CPU; on a GPU it keeps convolutions from choosing their algorithm by a race.
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    cores = "all CPU threads" if threads is None else f"{threads} CPU threads"
    return f"seed {seed}, {cores}, torch {torch.__version__.split('+')[0]}, {theme} figures"
