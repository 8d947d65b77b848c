"""The tools of this folder are optional: a missing one is told with how to install it."""

from importlib.util import find_spec


class MissingPackageError(ValueError):
    """A package that this function needs is not installed."""


def need(*packages: str) -> None:
    """Raise MissingPackageError, before any work, when one of these cannot be imported."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise MissingPackageError(
            f"{', '.join(missing)} is not installed, but this needs {', '.join(packages)}. "
            f"Install them with: pip install 'fluxlearn[export]'."
        )
