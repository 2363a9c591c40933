// One connection over TLS 1.3, between two processes of one machine.
#ifndef WIRE_H
#define WIRE_H
#include <stddef.h>
#include <sys/types.h>

struct wire;

// Begins a process that sends the file over a connection, and answers with the other end of it. The process ends once it was told `ok`.
struct wire *wire_from_sender(const char *file);
// As read(2): 0 when the sender has sent everything.
ssize_t wire_read(struct wire *wire, void *bytes, size_t most);
// Tells the sender that all is stored, and waits for its end. `sender_cpu` in seconds; `sent` counts what the kernel did, TLS included.
void wire_end(struct wire *wire, double *sender_cpu, long *sender_peak, long *sent);

#endif
