#pragma once

/// What jemalloc, from which a program that links this has all of its memory, reads at its start (jemalloc(3), TUNING).
///
/// One arena: what one thread gives back can go to any other, and a node takes no more memory than with the C library's allocator.
extern const char *malloc_conf;
