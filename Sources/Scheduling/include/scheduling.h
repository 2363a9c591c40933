#pragma once

/// How long threads ask to run once they have a processor. Linux goes by it from 6.12 on: whoever wakes up and asks for a shorter turn than
/// the one who runs has the processor at once, and would wait for the end of that turn otherwise. It changes nobody's share.
///
/// A program that links this asks for turns of a millisecond from its start (the kernel's own are 1.4 ms on two processors, and longer on
/// more): what is recorded, sent and stored takes less. This is for a thread that works on whole histories, which goes on for as long as it is
/// let: it asks for 100 ms, the most there is, and keeps to that.
void duolog_take_long_turns(void);
