// The other names of a function: a jump each, whatever its arguments are.
#if defined(__x86_64__)
#define WEFT_JUMP "jmp "
#elif defined(__aarch64__)
#define WEFT_JUMP "b "
#else
#error "src/shim/aliases.cpp: say how to jump on this processor"
#endif

#define ALIAS(group, name, original)                                                                    \
    __asm__(".text\n.p2align 4\n.globl " #name "\n.type " #name ", %function\n" #name                   \
            ":\n.cfi_startproc\n" WEFT_JUMP #original "@PLT\n.cfi_endproc\n.size " #name ", . - " #name \
            "\n");
#include "shim/table.def"
