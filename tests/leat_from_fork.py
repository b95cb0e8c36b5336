"""What `leat` is to a shell in tests: a fork runs the command on this process's streams, and this ends as that does."""

import array
import json
import os
import socket
import sys

line = socket.socket(fileno=int(os.environ.pop("FORKS_LINE")))
# What the command starts is not our business.
os.environ["PATH"] = os.environ["PATH"].partition(os.pathsep)[2]
mine, its = socket.socketpair()
job = {
    "program": ["-m", "leat_async", *sys.argv[1:]],
    "environment": dict(os.environ),
    "cwd": os.getcwd(),
    "open": [True, True, True],
}
files = array.array("i", [its.fileno(), 0, 1, 2])
line.sendmsg([json.dumps(job).encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
its.close()
with mine.makefile() as told:
    told.readline()  # its process id
    code = int(told.readline())
sys.exit(code if code >= 0 else 128 - code)
