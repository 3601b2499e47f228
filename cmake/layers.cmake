# THE layer table. A folder of src/ includes only folders of a smaller rank, never its own rank, never upward.
# It makes the targets (cmake/library.cmake), and tests/lint/layers.py reads these lines to check every include.
set(WEFT_RANK_0 base)
set(WEFT_RANK_1 context time)
set(WEFT_RANK_2 core)
set(WEFT_RANK_3 loop io sync scope)
set(WEFT_RANK_4 channel pool future periodic runtime)
set(WEFT_RANK_5 net os)
set(WEFT_RANK_6 tls http diag posix testing)
set(WEFT_RANK_7 shim)

# Layers that become shared objects of their own, since they bring dependencies or effects that not every program wants.
set(WEFT_OWN_LIBRARY tls http shim)

set(WEFT_LAYERS)
foreach(rank RANGE 0 7)
    list(APPEND WEFT_LAYERS ${WEFT_RANK_${rank}})
endforeach()
