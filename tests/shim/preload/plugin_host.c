// plugin_host PLUGIN: a program without weft that loads a plugin, lets it do its work, and prints what that gave and its milliseconds.
#include <dlfcn.h>
#include <stdio.h>
#include <time.h>

static long long milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

int main(int argc, char** argv) {
    void* plugin = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    int (*work)(void) = plugin != NULL ? (int (*)(void))dlsym(plugin, "sleep_in_fibers") : NULL;
    if (work == NULL) {
        fprintf(stderr, "%s\n", argc == 2 ? dlerror() : "usage: plugin_host PLUGIN");
        return 2;
    }
    const long long begin = milliseconds();
    const int result = work();
    printf("%d %lld\n", result, milliseconds() - begin);
    return 0;
}
