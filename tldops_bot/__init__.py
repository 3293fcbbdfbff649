"""A contact repository and warning list for TLD operators, run entirely by signed e-mail."""

__version__ = "0.1.0"
