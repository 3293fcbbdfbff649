"""Where the files that come with the program are: templates, migrations, the example configuration."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def shipped(name: str) -> Path:
    """A shipped file or folder: inside the package when installed, at the top of a checkout."""
    installed = _PACKAGE / "shipped" / name
    return installed if installed.exists() else _PACKAGE.parent / name


def data_file(name: str) -> Path:
    """A data file in the package, such as the table of TLDs."""
    return _PACKAGE / "data" / name
