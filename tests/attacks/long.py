"""The long run of the attackers: `python -m tests.attacks.long [EXAMPLES [STEPS]]`; new attacks each time."""

import sys

from tests.attacks.test_stateful import check_attacks

if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[1:3]]
    check_attacks(
        examples=numbers[0] if numbers else 200,
        steps=numbers[1] if len(numbers) > 1 else 40,
        derandomize=False,
    )
