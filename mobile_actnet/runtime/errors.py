"""The errors of exporting."""

from mobile_actnet.errors import ActnetError


class ArtefactError(ActnetError):
    """An artefact that is missing, damaged or of another kind."""


class ManifestError(ActnetError):
    """A manifest that is missing, damaged, of another version or of another artefact."""


class ParityError(ActnetError):
    """An artefact that differs too much from PyTorch, or runs operators that it must not."""
