// weft-run: runs a program with the shim in libc's place.
#include "base/error.hpp"

#include <weft/version.hpp>

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

constexpr const char* about =
    "Runs a program whose blocking calls park fibers instead of stopping their thread. It is for programs "
    "that make fibers: those "
    "that link or load weft. A program that makes none behaves as it does without.";

/// Where this program lies; the library is found from there, wherever the installation has been moved to.
fs::path own_directory() {
    std::error_code error;
    const fs::path self = fs::read_symlink("/proc/self/exe", error);
    return error ? fs::path(WEFT_BINDIR) : self.parent_path();
}

std::string find_library() {
    const fs::path here = own_directory();
    const std::array<fs::path, 2> places{here / WEFT_LIBDIR_FROM_BINDIR, here / "../lib"};
    for (const fs::path& place : places) {
        std::error_code error;
        const fs::path file = fs::canonical(place / WEFT_SHIM_FILE, error);
        if (!error) {
            return file.string();
        }
    }
    return {};
}

/// In front of what is there: the shim has to come before libc and before others that wrap it.
void prepend_preload(const std::string& library) {
    const char* before = std::getenv("LD_PRELOAD");
    const std::string all = before != nullptr && *before != '\0' ? library + ":" + before : library;
    ::setenv("LD_PRELOAD", all.c_str(), 1);
}

int run(std::vector<std::string>& command) {
    std::vector<char*> arguments;
    for (std::string& word : command) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    const int error = errno;
    weft::impl::warn("weft-run: cannot run '%s': %s", arguments[0], std::strerror(error));
    // As the shell has it.
    return error == ENOENT ? 127 : 126;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app(about, "weft-run");
    app.set_version_flag("--version", "weft-run " WEFT_VERSION_STRING);
    std::string groups;
    std::string library;
    std::vector<std::string> command;
    bool no_children = false;
    app.add_option("--shim", groups,
                   "The groups that are on, as WEFT_SHIM has them: all,-dns or socket,poll ...");
    app.add_flag("--no-children", no_children, "Programs that the program starts run without the shim");
    app.add_option("--library", library,
                   "The libweft-shim.so to use, instead of the one installed with this program");
    app.add_option("command", command, "The program and its arguments, after --")->required();
    app.positionals_at_end();
    app.prefix_command(false);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    if (library.empty()) {
        library = find_library();
    }
    if (library.empty() || ::access(library.c_str(), R_OK) != 0) {
        weft::impl::warn("weft-run: there is no " WEFT_SHIM_FILE "%s%s; say where it is with --library",
                         library.empty() ? " beside this program" : " at ", library.c_str());
        return 2;
    }
    if (!groups.empty()) {
        ::setenv("WEFT_SHIM", groups.c_str(), 1);
    }
    if (no_children) {
        ::setenv("WEFT_SHIM_CHILDREN", "0", 1);
    }
    prepend_preload(library);
    return run(command);
}
