"""Who asks, and what they may.

permissions  the table of what each route needs: data
principals   who a caller is, and what they may say
tokens       JSON Web Tokens; keysets: the keys that they are signed with, and their rotation
keys         API keys: only hashes are kept
rates        how often a caller may ask
guard        all of it before a route's first line: credentials, revocation, rate limit, permission
"""
