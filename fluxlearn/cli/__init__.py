"""The command line. Every command is one call of the package, with the same names and defaults."""


def main() -> None:
    """Run `fluxlearn` with the arguments of this process."""
    from fluxlearn.cli.app import app

    app()
