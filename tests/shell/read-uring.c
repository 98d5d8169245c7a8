/*
 * Usage: read-uring FILE
 *
 * Prints a file of at most 64 KiB as it is read by io_uring(7), for which the kernel polls files
 * that have no data at once.
 */
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int read_once(struct io_uring *ring, int fd, char *data, unsigned size)
{
    struct io_uring_sqe *entry = io_uring_get_sqe(ring);
    struct io_uring_cqe *result;
    int status;

    io_uring_prep_read(entry, fd, data, size, 0);
    io_uring_submit(ring);
    status = io_uring_wait_cqe(ring, &result);
    return status ? status : result->res;
}

int main(int argc, char **argv)
{
    static char data[65536];
    struct io_uring ring;
    int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
    int size;

    if (fd < 0) {
        perror("read-uring");
        return EXIT_FAILURE;
    }
    size = io_uring_queue_init(1, &ring, 0);
    if (size) {
        fprintf(stderr, "read-uring: this kernel has none: %s\n", strerror(-size));
        return 77;
    }
    size = read_once(&ring, fd, data, sizeof(data));
    if (size < 0) {
        fprintf(stderr, "read-uring: %s\n", strerror(-size));
        return EXIT_FAILURE;
    }
    fwrite(data, 1, (size_t)size, stdout);
    return EXIT_SUCCESS;
}
