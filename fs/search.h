#ifndef FS_SEARCH_H
#define FS_SEARCH_H

#include "fs/request.h"

/*
 * Goes on when the directory is there that a node is, or in which it always is: an app, a stream or
 * a partition. The backend is asked if nothing that is known tells: for the list that would have
 * the name, then for the one name that the list does not have. The request ends if there is no such
 * directory. The node's place lasts as long as the request.
 */
void search_begin(struct request *request, const struct node *node,
                  void (*then)(struct request *request));

#endif
