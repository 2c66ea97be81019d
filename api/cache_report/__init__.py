"""`python -m api cache-report`: how each type of cache entries fares, and which time to live its figures speak for.

scraping   the pages of edges and workers, read side by side
figures    what they say of each type, added up
proposing  the rules, as data
printing   tables for people, a JSON object a type for scripts
command    all of it; errors: what is said instead
"""
