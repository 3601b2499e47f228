"""System calls per request, counted by perf or, where that is not allowed, by strace, in a short run of its own."""
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from . import servers

SECONDS = 0.5
# perf does not tell when it has begun to count; strace is seen to have, and given up after the longer time.
PERF_BEGINS_SECONDS = 0.5
STRACE_BEGINS_SECONDS = 10
# perf counts each call by a tracepoint of its own: those that servers use, and the sum of all.
CALLS = ("read", "write", "readv", "writev", "recvfrom", "sendto", "recvmsg", "sendmsg", "epoll_wait", "epoll_pwait",
         "epoll_pwait2", "epoll_ctl", "poll", "ppoll", "select", "accept4", "futex", "getpid", "getsockopt", "setsockopt",
         "fcntl", "ioctl", "nanosleep", "sched_yield", "timerfd_settime", "rt_sigprocmask", "madvise")
TOTAL = "raw_syscalls:sys_enter"
# What connections cost when they are made: too rare to be part of a request.
NOTICEABLE = 0.01


def perf_command(pids):
    events = ",".join([f"syscalls:sys_enter_{call}" for call in CALLS] + [TOTAL])
    return ["perf", "stat", "-x", ";", "-e", events, "-p", ",".join(str(pid) for pid in pids)]


def strace_command(pids):
    return ["strace", "-f", "-q", "-c", "-U", "calls,errors,name"] + [f"-p{pid}" for pid in pids]


def perf_begun(tracer, _pids):
    time.sleep(PERF_BEGINS_SECONDS)
    return tracer.poll() is None


def strace_begun(tracer, pids):
    """Whether it counts: it may take a while to start, and what is not counted then would look like fewer calls."""
    until = time.monotonic() + STRACE_BEGINS_SECONDS
    while tracer.poll() is None and time.monotonic() < until:
        if all(is_traced(pid) for pid in pids):
            return True
        time.sleep(0.01)
    return False


def is_traced(pid):
    """Whether some process traces all threads of this one."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
        return all(_tracer_of(f"/proc/{pid}/task/{thread}/status") != 0 for thread in threads)
    except OSError:
        return False


def _tracer_of(path):
    with open(path, encoding="ascii", errors="replace") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("TracerPid:"))


def parse_perf(text):
    """Calls by name, with what has no tracepoint in the list as `other`."""
    counts = {}
    for line in text.splitlines():
        match = re.match(r"(\d+);[^;]*;(?:syscalls:sys_enter_)?([\w:]+)", line)
        if match:
            counts[match.group(2)] = int(match.group(1))
    if TOTAL not in counts:
        return {}
    total = counts.pop(TOTAL)
    return {**counts, "other": total - sum(counts.values())}


def parse_strace(text):
    """Calls by name; those that failed, as EAGAIN is, count once more as `NAME failed`."""
    counts = {}
    for line in text.splitlines():
        match = re.match(r"\s*(\d+)\s+(?:(\d+)\s+)?([a-z]\w*)\s*$", line)
        if match and match.group(3) != "total":
            counts[match.group(3)] = int(match.group(1))
            if match.group(2):
                counts[match.group(3) + " failed"] = int(match.group(2))
    return counts


def per_request(counts, requests):
    """The calls that matter, most frequent first."""
    shares = {name: count / requests for name, count in counts.items()}
    return {name: round(share, 3) for name, share in sorted(shares.items(), key=lambda item: -item[1])
            if share >= NOTICEABLE}


def count(bench, kind, case):
    """Calls per request of one server under one case, None where no tool is allowed to count."""
    for tool, command, begun, parse in (("perf", perf_command, perf_begun, parse_perf),
                                        ("strace", strace_command, strace_begun, parse_strace)):
        if shutil.which(tool):
            counted = _count_with(bench, kind, case, command, begun, parse)
            if counted:
                return counted
    return None


def _count_with(bench, kind, case, command, begun, parse):
    server = servers.Running(kind, bench.server_cpu)
    try:
        with tempfile.TemporaryFile("w+") as output:
            tracer = subprocess.Popen(command(server.pids), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=output, start_new_session=True, preexec_fn=servers.end_with_parent)
            try:
                if not begun(tracer, server.pids):
                    return None
                said = bench.load(case, [(server, 0)], SECONDS)[0]
            finally:
                _end(tracer)
            output.seek(0)
            echoes = said["echoes_in_all"]
            return per_request(parse(output.read()), echoes) if echoes else None
    finally:
        server.stop()


def _end(tracer):
    if tracer.poll() is None:
        os.kill(tracer.pid, signal.SIGINT)
    try:
        tracer.wait(10)
    except subprocess.TimeoutExpired:
        tracer.kill()
        tracer.wait()
