#ifndef SIMULATE_LOOP_H
#define SIMULATE_LOOP_H

/* A thread has had its turn: what can be read of what loops watch is read soon. */
void loops_look(void);

/* A connection can be read, or written to. Nothing happens when nobody watches it. */
void loop_ready(int fd);

#endif
