"""Some tools are optional: a missing one is told with how to install it."""

from importlib.util import find_spec


class MissingPackageError(ValueError):
    """A package that this function needs is not installed."""


def need(*packages: str, extra: str = "export") -> None:
    """Raise MissingPackageError, before any work, when one of these cannot be imported.

    extra  the extra of this package that brings them.
    """
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise MissingPackageError(
            f"{', '.join(missing)} is not installed, but this needs {', '.join(packages)}. "
            f"Install them with: pip install 'fluxlearn[{extra}]'."
        )
