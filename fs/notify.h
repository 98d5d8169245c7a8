#ifndef FS_NOTIFY_H
#define FS_NOTIFY_H

/* Tells the service manager that has started this process how it does, as in "READY=1": what
 * sd_notify(3) sends to the socket that NOTIFY_SOCKET names. Nothing without that variable. Takes a
 * second at most, and what fails is not told: whoever waits for it will notice. */
void notify_manager(const char *state);

#endif
