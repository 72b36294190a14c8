"""JSON log lines with ids only: never a form, a value, or a traceback's variables."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import orjson

_OWN = (
    *("trial", "sequence", "command_id", "partition", "partitions", "offset", "last_offset"),
    *("trials", "void", "from_start", "records", "case"),
    *("stage", "seconds", "behind", "where"),
    *("actor", "refused"),
)


class JsonLines(logging.Formatter):
    """Time, level, logger, message, our ids; of an exception its type and where it was raised."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: getattr(record, key) for key in _OWN if hasattr(record, key)}
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
            line["where"] = _where(record)
        return orjson.dumps(line, default=str).decode()


def _where(record: logging.LogRecord) -> list[str]:
    """File, line and function of every frame; the message may quote its input, so it stays out."""
    frames = []
    traceback = record.exc_info[2] if record.exc_info else None
    while traceback is not None:
        code = traceback.tb_frame.f_code
        frames.append(f"{code.co_filename}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return frames


def log_json(level: int = logging.INFO) -> None:
    """Sends all logging of this process to standard error, one JSON object a line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("aiokafka", "faust", "mode", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
