#!/usr/bin/env python3
"""Programs that make no fibers behave under weft-run as without it; and those that do have their calls parked.

usage: programs_test.py weft-run libweft-shim.so shim_preloaded"""
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile
import unittest

from preload import FIBERS, SHIM, PreloadTest, launched, main, run

SCRIPT = r"""
set -e
echo "one two" | while read -r a b; do echo "$b $a"; done
x=$(printf '%s\n' c a b | sort | tr '\n' ' ')
echo "$x"
(sleep 0.01; exit 3) & wait $! || echo "child: $?"
exec 5>/dev/null 6<&0; exec 5>&- 6<&-
cat <<END | tail -n 1
first
last
END
trap 'echo caught' USR1; kill -USR1 $$
read -r line; echo "stdin: $line"
ulimit -n 64; for i in 3 4 5 6 7 8 9; do eval "exec $i>&-"; done
echo done >&2
exit 7
"""

PYTHON = r"""
import concurrent.futures, os, select, signal, socket, subprocess, sys, threading, time
def talk(n):
    a, b = socket.socketpair()
    with a, b:
        threading.Thread(target=lambda: (time.sleep(0.001), b.sendall(b"x" * n))).start()
        got = b""
        while len(got) < n:
            got += a.recv(1 << 16)
        return len(got)
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    print(sum(pool.map(talk, range(1, 200))))
print(subprocess.run(["cat"], input=b"through a pipe", stdout=subprocess.PIPE).stdout)
print(subprocess.run("exit 5", shell=True).returncode, os.system("exit 6") >> 8)
print([p.wait() for p in [subprocess.Popen(["sh", "-c", f"exit {i}"], close_fds=True) for i in range(5)]])
pid = os.fork()
if pid == 0:
    os._exit(9)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
a, b = socket.socketpair()
a.settimeout(0.01)
try:
    a.recv(1)
except TimeoutError:
    print("timed out")
print(select.select([a], [], [], 0), a.getblocking(), os.get_blocking(b.fileno()))
signal.signal(signal.SIGALRM, lambda *_: print("alarm"))
signal.setitimer(signal.ITIMER_REAL, 0.01)
b.recv(0) if False else signal.pause()
print(socket.getaddrinfo("127.0.0.1", 80, proto=socket.IPPROTO_TCP)[0][4])
os.closerange(3, 70000)
print("closed all", open("/dev/null").fileno())
"""

CLOSER = r"""
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>
#include <fcntl.h>
int main(void) {
    for (int fd = 3; fd < 70000; ++fd) close(fd);
    printf("%d ", close_range(3, ~0U, 0));
    closefrom(3);
    printf("%d\n", open("/dev/null", O_RDONLY));
    fflush(stdout);
    for (int fd = 0; fd < 1024; ++fd) close(fd);
    return open("/dev/null", O_RDONLY) == 0 ? 4 : 5;
}
"""

WAITER = r"""
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(void) {
    int ends[2];
    char text[8];
    if (pipe(ends) != 0 || write(ends[1], "abc", 3) != 3) return 1;
    struct pollfd entry = {ends[0], POLLIN, 0};
    printf("%d %zd %d %d\n", poll(&entry, 1, 1000), read(ends[0], text, 8), usleep(1000), poll(&entry, 1, 1));
    printf("%s\n", getenv("LD_PRELOAD") != NULL ? "preloaded" : "plain");
    return 3;
}
"""


class Programs(PreloadTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def compile(self, source, *options):
        file, program = self.folder / "program.c", self.folder / "program"
        file.write_text(source)
        subprocess.run(["gcc", "-w", "-O1", *options, str(file), "-o", str(program)], check=True, timeout=60)
        return program

    def test_a_shell_script_does_what_it_does(self):
        for shell in ("sh", "bash", "dash"):
            if path := shutil.which(shell):
                with self.subTest(shell):
                    ended = self.assert_same([path, "-c", SCRIPT], stdin="a line\n")
                    self.assertEqual((ended.status, ended.errors), (7, "done\n"))

    def test_a_script_is_run_by_its_interpreter(self):
        script = self.folder / "script"
        script.write_text("#!/bin/sh\necho \"$0 $1\" | sed 's/.*script/script/'\nexit 4\n")
        script.chmod(0o755)
        self.assertEqual(self.assert_same([script, "argument"]).status, 4)

    def test_python_with_threads_children_signals_and_sockets(self):
        ended = self.assert_same([sys.executable, "-c", PYTHON])
        self.assertEqual(ended.status, 0, ended.errors)
        self.assertIn("closed all 3", ended.output)

    def test_a_program_that_closes_all_descriptors(self):
        self.assertEqual(self.assert_same([self.compile(CLOSER)]).status, 4)

    def test_a_static_program_runs_as_without(self):
        program = self.compile(WAITER, "-static")
        plain = run([program])
        ended = launched([program])
        self.assertEqual(plain.status, 3)
        self.assertEqual(ended, plain._replace(output=plain.output.replace("plain", "preloaded")))

    def test_a_setuid_program_runs_without_the_shim(self):
        for command in (["su", "--version"], ["mount", "--version"]):
            if shutil.which(command[0]):
                self.assert_same(command)
        if os.getuid() != 0:
            self.skipTest("only root can make one")
        program = self.compile(WAITER)
        nobody = pwd.getpwnam("nobody")
        self.folder.chmod(0o755)
        shutil.chown(program, nobody.pw_uid)
        program.chmod(0o4755)
        ended = launched([program])
        self.assertEqual((ended.status, ended.errors), (3, ""))
        self.assertEqual(ended.output.splitlines()[0], run([program]).output.splitlines()[0])

    def test_programs_of_every_day(self):
        listing = self.folder / "listing"
        listing.write_text("b\na\n" * 1000)
        for command in (["sort", listing], ["tar", "cf", "-", "-C", self.folder, "listing"], ["dd", f"if={listing}", "status=none"],
                        ["timeout", "0.01", "sleep", "5"], ["env", "-i", "/bin/echo", "bare"], ["xargs", "echo"], ["find", self.folder]):
            with self.subTest(command[0]):
                self.assert_same(command, stdin="some\ninput\n")

    def test_errors_before_main_are_the_programs_own(self):
        source = "#include <unistd.h>\n__attribute__((constructor)) static void early(void) { char c; _exit(read(-1, &c, 1) == -1 ? 6 : 7); }\n"
        self.assertEqual(self.assert_same([self.compile(source + "int main(void) { return 0; }\n")]).status, 6)

    def test_a_program_with_fibers_has_its_calls_parked(self):
        ended = launched([FIBERS, "--gtest_brief=1"])
        self.assertEqual(ended.status, 0, ended.output + ended.errors)

    def test_without_the_shim_they_are_not(self):
        self.assertEqual(run([FIBERS, "--gtest_filter=Linked.EveryKind*"]).status, 1)

    def test_a_bad_list_stops_the_program_and_names_the_word(self):
        ended = run(["/bin/true"], LD_PRELOAD=SHIM, WEFT_SHIM="all,sokcet")
        self.assertEqual(ended.status, 2)
        self.assertIn("'sokcet'", ended.errors)


if __name__ == "__main__":
    main()
