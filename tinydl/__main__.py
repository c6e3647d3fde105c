"""`python -m tinydl`."""

from tinydl.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
