"""What a receiver and a worker tell: above all, that a handler failed, which nobody else would say."""

from __future__ import annotations

import logging


class _WhereNobodyListens(logging.Handler):
    """Shows on stderr, as Python does by itself for loggers that nobody has set up, what else would be lost.

    The package's own logger has a handler that keeps quiet, which Python takes for somebody who listens.
    """

    def emit(self, record: logging.LogRecord) -> None:
        found: logging.Logger | None = logger
        while found is not None:
            if any(handler is not self and not isinstance(handler, logging.NullHandler) for handler in found.handlers):
                return
            found = found.parent if found.propagate else None
        if logging.lastResort is not None and record.levelno >= logging.lastResort.level:
            logging.lastResort.handle(record)


logger: logging.Logger = logging.getLogger("leat_async.webhooks")
logger.addHandler(_WhereNobodyListens())
