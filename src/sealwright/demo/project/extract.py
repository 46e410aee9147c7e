"""Plays a thief: moves one patient along a line, again and again, to copy the model's boundary."""

import random
from collections import Counter

from caller import ask, key_of, outputs, patients

QUERIES, STEPS, ENOUGH = 400, 12, 20


def main() -> None:
    """Asks until nothing is answered any more, or enough was learned."""
    choose, seen, key = random.Random(7), Counter[int](), key_of("stranger")
    known = patients()
    while sum(seen.values()) < QUERIES and seen[429] < ENOUGH:
        low, high = choose.choice(known), choose.choice(known)
        near, far = 0.0, 1.0
        for _ in range(STEPS):  # halve the way to the boundary, again and again
            middle = (near + far) / 2
            row = [a + (b - a) * middle for a, b in zip(low, high, strict=True)]
            status, answer = ask([row], key)
            seen[status] += 1
            if status == 200 and outputs(answer)["score"][0] > 0.5:
                near = middle
            else:
                far = middle
    print(f"{sum(seen.values())} queries: {seen[200]} answered, {seen[429]} refused")


if __name__ == "__main__":
    main()
