// What the sanitizers are told in every test executable, however it is started.

// weft names stack overflows in a SIGSEGV handler of its own, which the thread sanitizer's would hide.
extern "C" const char* __tsan_default_options() { return "handle_segv=0:second_deadlock_stack=1"; }

extern "C" const char* __ubsan_default_options() { return "print_stacktrace=1"; }
