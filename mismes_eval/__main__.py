"""`python -m mismes_eval`: the `mismes` command where scripts are not on the path."""

from mismes_eval.cli import main

main()
