"""Runs the command as `python -m euterpe_cli`."""

from euterpe_cli.app import main

if __name__ == "__main__":
    main()
