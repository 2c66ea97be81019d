"""Who asks, and what they may.

permissions  the table of what each route needs: data
principals   who a caller is, and what they may say
tokens       JSON Web Tokens; keysets: the keys that they are signed with, and their rotation
keys         API keys: only hashes are kept
rates        how often a caller may ask
gate         credentials, revocation, rate limit, permission
admission    who asks, before a request is read; guard: what a route needs, before its first line
"""
