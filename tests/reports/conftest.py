"""An account of lists, as exports have it, and a client on it."""

from ..export import conftest

lists = conftest.lists
leat = conftest.leat
