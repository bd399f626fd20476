"""`python -m router` is the `patchbay` command."""

from router.cli import main

if __name__ == "__main__":
    main()
