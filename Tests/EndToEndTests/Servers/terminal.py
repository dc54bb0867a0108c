"""Drives a program on a terminal of its own as a person would.

usage: terminal.py STEPS PROGRAM WORD...

STEPS is a JSON list of [expected, keys]: the keys are typed once the expected text has appeared
after what was seen before, movements of the cursor left out: an editor may draw a word in pieces. Prints JSON: the exit status and all that stood on the terminal.
Nothing sleeps: every step waits for its text, and an alarm ends what hangs.
"""

import json
import os
import pty
import re
import signal
import sys
import termios

LIMIT = 120

# Whoever starts this may have blocked signals, the alarm among them.
signal.pthread_sigmask(signal.SIG_SETMASK, [])
steps, program = json.loads(sys.argv[1]), sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    os.execv(program[0], program)

seen = b""
place = 0


def give_up(*_):
    os.kill(child, signal.SIGKILL)
    sys.exit("waited in vain for %r after %r" % (steps[:1], seen))


signal.signal(signal.SIGALRM, give_up)
signal.alarm(LIMIT)
while True:
    plain = re.sub(rb"\r?\x1b\[[0-9;?]*[ -/]*[@-~]", b"", seen)
    while steps:
        found = plain.find(steps[0][0].encode(), place)
        if found < 0:
            break
        expected, keys = steps.pop(0)
        place = found + len(expected.encode())
        # An editor shows its prompt and takes the terminal over after that; what is typed between
        # the two is the terminal's, not the editor's.
        while termios.tcgetattr(terminal)[3] & termios.ICANON:
            os.sched_yield()
        os.write(terminal, keys.encode())
    try:
        chunk = os.read(terminal, 65536)
    except OSError:
        chunk = b""
    if not chunk:
        break
    seen += chunk
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(json.dumps({"status": status, "seen": seen.decode("utf-8", "replace"), "left": steps}))
