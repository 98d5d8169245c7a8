#include "tests/simulate/chance.h"

static struct draws *draws;
static uint64_t state;
static size_t known; /* draws that are repeated */
static bool repeats;

/* SplitMix64: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014. */
static uint64_t next_random(void)
{
    uint64_t z = (state += 0x9e3779b97f4a7c15U);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

void chance_start(uint64_t seed, struct draws *into)
{
    draws = into;
    draws->count = 0;
    state = seed;
    repeats = false;
}

void chance_repeat(struct draws *again)
{
    draws = again;
    known = draws->count;
    draws->count = 0;
    repeats = true;
}

static uint64_t draw(size_t index)
{
    if (!repeats)
        return next_random();
    return index < known ? draws->values[index] : 0;
}

uint64_t chance_below(uint64_t limit)
{
    size_t index = draws->count++;
    uint64_t value = draw(index) % limit;

    if (index < DRAWS_MAX)
        draws->values[index] = value;
    return value;
}

bool chance_once_in(unsigned times)
{
    return chance_below(times) == times - 1;
}
