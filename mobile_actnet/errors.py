"""The errors that this toolkit raises for things a user can mend.

Every message says what came, what is allowed and what to do. Commands print it as one line and
return 1; anything that is not an `ActnetError` is a bug and keeps its traceback.
"""


class ActnetError(Exception):
    """Base of every error with a sentence for the user."""


class ConfigError(ActnetError):
    """A setting outside its allowed values."""


class CheckpointError(ActnetError):
    """A checkpoint that is missing, damaged, of another kind, or holds non-finite values."""


class UnreadablePictureError(ActnetError):
    """A file that cannot be decoded into a picture."""


class MissingDecoderError(UnreadablePictureError):
    """A picture whose format needs an optional package; the message holds the pip command."""


class MissingPackageError(ActnetError):
    """An optional package that is not installed; the message holds the pip command."""


class GalleryError(ActnetError):
    """A gallery that is missing, damaged, of another version or model, or being written."""
