"""The errors a user can mend: each message is one sentence that says what was given, why it fails, what works."""


class KnownError(Exception):
    """A mistake or a fault outside our code; commands print its text alone, without a traceback."""


class SettingError(KnownError, ValueError):
    """A setting that cannot work; raised before any work starts."""


class InputError(KnownError):
    """Raw input that is missing, empty or unreadable."""


class OutputError(KnownError):
    """A finished stage whose files are missing, truncated or altered."""
