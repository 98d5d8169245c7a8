#ifndef TORTURE_TEST_H
#define TORTURE_TEST_H

/* Included before all else in each unit test: by their section memory.c knows its functions. */
#pragma clang section text = "torture_text"

#endif
