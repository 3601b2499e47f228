// Prints the version of the library that the program runs with.
#include <iostream>

#include <weft/version.hpp>

int main() {
    std::cout << "weft " << weft::version() << '\n';  // expect: weft 0.1
}
