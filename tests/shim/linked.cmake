# Programs that link the shim: their own calls, and whatever they call, reach it under libc's names.
weft_add_test_folder(shim_linked tests/shim/linked weft::shim weft::testing)
