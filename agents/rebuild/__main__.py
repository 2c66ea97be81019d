"""`python -m agents.rebuild <domain>`."""

import typer

from agents.rebuild.command import main

if __name__ == "__main__":
    typer.run(main)
