"""How passwords are kept."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class PasswordHasher(Argon2PasswordHasher):
    """Argon2id as OWASP's password storage cheat sheet has it: 19 MiB, two rounds, one lane.

    Django's own 100 MiB are taken by each log-in that is being tried, and anybody may try: a dozen at once took more
    memory than all else together. Hashes with other figures still count, and are renewed at the next log-in.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
