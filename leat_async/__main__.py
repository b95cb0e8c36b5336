"""`python -m leat_async`: the same as `leat`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
