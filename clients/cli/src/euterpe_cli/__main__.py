"""`python -m euterpe_cli`, the same as `euterpe`."""

from euterpe_cli.app import main

if __name__ == "__main__":
    main()
