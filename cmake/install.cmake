# Installation: headers, libweft.so, and what find_package(weft) and pkg-config need.
