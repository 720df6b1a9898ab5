"""What JAX compiles while a piece of code runs."""

import contextlib
import logging
import re

import jax


class Compilations(logging.Handler):
    """The names of the functions that JAX's own log says it compiled."""

    def __init__(self):
        super().__init__()
        self.names = []

    def emit(self, record):
        if found := re.match(r"Finished XLA compilation of (?:jit\()?(\w+)", record.getMessage()):
            self.names.append(found[1])


@contextlib.contextmanager
def compilations():
    """A list that fills with the names of what is compiled inside."""
    log, handler = logging.getLogger("jax._src.dispatch"), Compilations()
    log.addHandler(handler)
    try:
        with jax.log_compiles():
            yield handler.names
    finally:
        log.removeHandler(handler)
