// What the sanitizers are told in every test executable, however it is started.

// weft names stack overflows in a SIGSEGV handler of its own, which the thread sanitizer's would hide. At the end of main it would
// wait a second for threads that race with the exit, in each of a thousand processes; no test leaves threads at work.
extern "C" const char* __tsan_default_options() {
    return "handle_segv=0:second_deadlock_stack=1:atexit_sleep_ms=20";
}

extern "C" const char* __ubsan_default_options() { return "print_stacktrace=1"; }
