#ifndef BASE_DESCRIPTORS_H
#define BASE_DESCRIPTORS_H

/* How many of so many connections there may be at a time, at least one: each is a descriptor, and
 * files and others need some of the process's, too. */
unsigned descriptors_for(unsigned connections);

#endif
