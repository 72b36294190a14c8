"""One client process of the race: reads a race a line, runs it at its start shot, says the outcome.

Only the standard library: fifty of these are started at once.
"""

import http.client
import json
import sys
import time
from typing import Any


def post(race: dict[str, Any], wait: int) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", race["port"], timeout=15)
    try:
        headers = {**race["headers"], "Prefer": f"wait={wait}"}
        connection.request("POST", race["path"], race["body"], headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    except (OSError, ValueError, http.client.HTTPException):
        return 0, {}
    finally:
        connection.close()


def main() -> None:
    for line in sys.stdin:
        race = json.loads(line)
        time.sleep(max(0.0, race["start_at"] - time.time()))
        said: list[int] = []
        answer: dict[str, Any] = {}
        until = time.time() + race["within"]
        while time.time() < until:
            status, answer = post(race, 10)
            said.append(status)
            if status == 200:
                break
            time.sleep(0.1)
        sys.stdout.write(json.dumps({"statuses": said, "outcome": answer.get("outcome")}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
