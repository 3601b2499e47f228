"""Running gdb for the tests: on a process, or on the core file that one leaves."""
import pathlib
import resource
import subprocess


def why_not_traced():
    """Why nobody may trace a process here; None if it can be done."""
    trial = subprocess.run(["gdb", "-nx", "-batch", "-ex", "run", "/bin/true"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           stdin=subprocess.DEVNULL, text=True, check=False).stdout
    return trial if "ptrace" in trial and "not permitted" in trial else None


def why_no_cores():
    """Why no core file can be had here; None if one can."""
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if pattern.startswith(("|", "/")):
        return f"the kernel puts core files elsewhere: kernel.core_pattern is {pattern}"
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        return "core files are forbidden here: the hard limit of RLIMIT_CORE is 0"
    return None


def leave_core(command, work, environment=None):
    """The core file of a program that crashes, in the directory `work`."""
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    subprocess.run(command, cwd=work, env=environment, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (most, most)))
    cores = list(pathlib.Path(work).glob("core*"))
    if not cores:
        raise SystemExit("no core file was left")
    return cores[0]


def run_gdb(script, commands, program, options=()):
    """What gdb prints, with weft's commands loaded from `script`."""
    arguments = ["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-x", str(script), *options]
    for command in commands:
        arguments += ["-ex", command]
    return subprocess.run([*arguments, str(program)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          stdin=subprocess.DEVNULL, timeout=100, check=False).stdout
