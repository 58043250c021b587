/*
 * priority - threads that should not wait behind what the program runs for others.
 *
 * The threads of a server work in short pieces and hold up everybody else while they wait for a
 * processor.  Where the program may, it asks the scheduler to prefer them.
 */
#ifndef IO_PRIORITY_H
#define IO_PRIORITY_H

/* The calling thread is preferred from now on, if this process may ask for that and nobody has set
 * its priority.  Threads and processes that it starts are not. */
void priority_raise(void);

#endif
