"""`python -m vitrine` is the same as the command `vitrine`."""

from vitrine.cli import main

if __name__ == "__main__":
    main()
