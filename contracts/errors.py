"""What can be wrong with the contracts' data."""


class ContractError(Exception):
    """A schema, a topic or an example breaks the rules; the message names the file, the field and what to do."""
