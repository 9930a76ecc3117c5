/* The peer of the Poseidon kernel: the same rounds and tables, on words of 128 bits of the compiler. */
#include <stdint.h>

typedef unsigned __int128 wide;
typedef uint64_t element[4];

static const element order = {
    0x43e1f593f0000001u, 0x2833e84879b97091u, 0xb85045b68181585du, 0x30644e72e131a029u,
};
static const uint64_t negative_inverse = 0xc2e1f593efffffffu;

static void reduce(uint64_t *t) {
    uint64_t d[4], borrow = 0;
    for (int i = 0; i < 4; i++) {
        wide difference = (wide)t[i] - order[i] - borrow;
        d[i] = (uint64_t)difference;
        borrow = (uint64_t)(difference >> 64) & 1;
    }
    for (int i = 0; i < 4; i++) t[i] = borrow ? t[i] : d[i];
}

static void add(uint64_t *result, const uint64_t *a, const uint64_t *b) {
    uint64_t t[4], carry = 0;
    for (int i = 0; i < 4; i++) {
        wide sum = (wide)a[i] + b[i] + carry;
        t[i] = (uint64_t)sum;
        carry = (uint64_t)(sum >> 64);
    }
    reduce(t);
    for (int i = 0; i < 4; i++) result[i] = t[i];
}

static void multiply(uint64_t *result, const uint64_t *a, const uint64_t *b) {
    uint64_t t[5] = {0};
    for (int i = 0; i < 4; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < 4; j++) {
            wide sum = (wide)a[j] * b[i] + t[j] + carry;
            t[j] = (uint64_t)sum;
            carry = (uint64_t)(sum >> 64);
        }
        t[4] = carry;
        uint64_t m = t[0] * negative_inverse;
        carry = (uint64_t)(((wide)m * order[0] + t[0]) >> 64);
        for (int j = 1; j < 4; j++) {
            wide sum = (wide)m * order[j] + t[j] + carry;
            t[j - 1] = (uint64_t)sum;
            carry = (uint64_t)(sum >> 64);
        }
        t[3] = t[4] + carry;
    }
    reduce(t);
    for (int i = 0; i < 4; i++) result[i] = t[i];
}

static void fifth_power(uint64_t *result, const uint64_t *a) {
    element squared;
    multiply(squared, a, a);
    multiply(squared, squared, squared);
    multiply(result, squared, a);
}

static void dot(uint64_t *result, const element *entries, const element *state, int width) {
    element product, total;
    multiply(total, entries[0], state[0]);
    for (int i = 1; i < width; i++) {
        multiply(product, entries[i], state[i]);
        add(total, total, product);
    }
    for (int i = 0; i < 4; i++) result[i] = total[i];
}

static void full_round(element *state, const element *constants, const element *matrix, int width) {
    element scratch[17];
    for (int i = 0; i < width; i++) {
        add(scratch[i], state[i], constants[i]);
        fifth_power(scratch[i], scratch[i]);
    }
    for (int i = 0; i < width; i++) dot(state[i], matrix + i * width, scratch, width);
}

/* The lanes are in Montgomery form. */
void permute(element *state, const element *full, const element *partial, const element *matrix,
             const element *bridge, const element *rows, const element *columns, int width,
             int partial_rounds) {
    for (int number = 0; number < 4; number++)
        full_round(state, full + number * width, number < 3 ? matrix : bridge, width);
    for (int number = 0; number < partial_rounds; number++) {
        element first, top, step;
        add(first, state[0], partial[number]);
        fifth_power(first, first);
        for (int i = 0; i < 4; i++) state[0][i] = first[i];
        dot(top, rows + number * width, state, width);
        for (int i = 1; i < width; i++) {
            multiply(step, columns[number * (width - 1) + i - 1], first);
            add(state[i], state[i], step);
        }
        for (int i = 0; i < 4; i++) state[0][i] = top[i];
    }
    for (int number = 4; number < 8; number++)
        full_round(state, full + number * width, matrix, width);
}
