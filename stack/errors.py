"""What may go wrong with the local stack. Each message is a sentence for the person who started it."""

# an error is named by its meaning; StackError says that it is one


class StackError(Exception):
    """The stack cannot do what was asked; the message says why and what to do."""


class PortInUse(StackError):
    """A port that was asked for belongs to another program."""


class NoSpace(StackError):
    """The disk is too full to download or to start."""


class NotDownloaded(StackError):
    """A server's files are neither in the cache nor to be had."""


class ServerDied(StackError):
    """A server ended by itself, or never got ready."""


class AlreadyRunning(StackError):
    """Another process runs a stack in this directory."""


class NotOurs(StackError):
    """The server belongs to another process, which alone may stop and start it."""
