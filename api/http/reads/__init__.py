"""What can be asked. Each route reads through a cache, whose loader asks the worker that owns the row.

A 404 means that the owner said that there is none; nobody answering is a 503, never an old or empty answer.
"""
