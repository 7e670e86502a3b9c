"""``python -m xzepr.cli``: the `xzepr` command where no script is on the path."""

from __future__ import annotations

import sys

from xzepr.cli.command import main

sys.exit(main())
