"""`python -m bookly.outbox relay|status|retry|drop|create`."""

from bookly.outbox.command import app

if __name__ == "__main__":
    app()
