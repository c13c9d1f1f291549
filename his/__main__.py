"""`python -m his`: the same as the command `his`."""

from his.cli import main

if __name__ == "__main__":
    main()
