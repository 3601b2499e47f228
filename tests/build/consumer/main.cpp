// What a first program with an installed weft looks like.
#include <iostream>

#include <weft/version.hpp>

int main() {
    std::cout << "weft " << weft::version() << '\n';
    return weft::version().empty() ? 1 : 0;
}
