"""The `bridge` command: a thin shell over the library's calls."""


def main() -> None:
    """Run the command line."""
    from bridge.cli.app import app

    app()
