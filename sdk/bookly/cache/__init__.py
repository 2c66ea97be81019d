"""Read-through caches that never keep a value older than its last invalidation. The only part of the SDK that knows Redis.

    types        the 22 types, declared once
    stale        which event makes which entries stale, and how far
    generations  the numbers that fence fills, and the scripts that move them
    cache        reading through
    invalidator  making stale, in one pipeline a commit, also while Redis is away
"""
