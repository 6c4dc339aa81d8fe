#!/usr/bin/env python3
"""Computes the numbers of one PPO batch a second time, from a dumped rollout, and compares.

    esper ppo --no-tui --run-id check --dump-rollout batch.json --dump-batch 3 --episodes 3
    sanctum-tui snapshot check --json --at batch:3 > snapshot.json
    python3 tests/python/check_rollout.py batch.json snapshot.json

The second file is a snapshot, or a PPO_UPDATE_COMPLETED row. The formulas are written from the contract (events.md,
section 5), not from the Rust code. Only the standard library of Python 3 is needed. Exit 1 where a number differs by more
than 1e-5 of the larger of 1 and itself, 2 where there is nothing to compare.
"""

import json
import math
import sys

TOLERANCE = 1e-5
WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def number(x):
    return WORDS.get(x, x) if isinstance(x, str) else x


def mean(x):
    return math.fsum(x) / len(x)


def central(x, power):
    middle = mean(x)
    return math.fsum((v - middle) ** power for v in x) / len(x)


def std(x):
    return math.sqrt(central(x, 2))


def gae(batch):
    """TD errors, advantages and returns, by the definition: a sum over the later errors of the same env-episode."""
    n_envs, gamma = batch["n_envs"], batch["gamma"]
    decay = gamma * batch["gae_lambda"]
    rewards, values = batch["rewards"], batch["values"]
    count = len(values)
    errors = []
    for i in range(count):
        later = 0.0 if batch["terminated"][i] else gamma * number(batch["next_values"][i])
        errors.append(rewards[i] + later - values[i])
    advantages = []
    for i in range(count):
        terms, weight, j = [], 1.0, i
        while j < count:
            terms.append(weight * errors[j])
            if batch["terminated"][j] or batch["truncated"][j]:
                break
            weight *= decay
            j += n_envs
        advantages.append(math.fsum(terms))
    return errors, advantages, [a + v for a, v in zip(advantages, values)]


def policy_numbers(batch):
    samples = batch["evaluated"]
    old = batch["old_log_probs"]
    logs = [new - old[i] for new, i in zip(samples["new_log_probs"], samples["indices"])]
    ratios = [math.exp(x) for x in logs]
    low, high = 1.0 - batch["clip_range"], 1.0 + batch["clip_range"]
    above = sum(r > high for r in ratios) / len(ratios)
    below = sum(r < low for r in ratios) / len(ratios)
    return {
        "kl_divergence": mean([r - 1.0 - x for r, x in zip(ratios, logs)]),
        "clip_fraction": above + below,
        "clip_fraction_positive": above,
        "clip_fraction_negative": below,
        "ratio_mean": mean(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "ratio_std": std(ratios),
    }


def advantage_numbers(raw, normalize):
    middle, spread = mean(raw), std(raw)
    used = [(a - middle) / (spread + 1e-8) for a in raw] if normalize else raw
    width = std(used)
    return used, {
        "advantage_mean": mean(used),
        "advantage_std": width,
        "advantage_skewness": central(used, 3) / width**3,
        "advantage_kurtosis": central(used, 4) / width**4 - 3.0,
        "advantage_positive_ratio": sum(a > 0.0 for a in used) / len(used),
    }


def value_numbers(batch, errors, returns):
    values = batch["values"]
    left = [r - v for r, v in zip(returns, values)]
    together = mean([(v - mean(values)) * (r - mean(returns)) for v, r in zip(values, returns)])
    return {
        "explained_variance": 1.0 - central(left, 2) / central(returns, 2),
        "v_return_correlation": together / (std(values) * std(returns)),
        "td_error_mean": mean(errors),
        "td_error_std": std(errors),
        "bellman_error": mean([abs(e) for e in errors]),
        "return_mean": mean(returns),
        "return_std": std(returns),
        "return_variance": central(returns, 2),
        "return_skewness": central(returns, 3) / std(returns) ** 3,
        "value_mean": mean(values),
        "value_std": std(values),
        "value_min": min(values),
        "value_max": max(values),
    }


def shown(told):
    """The numbers of a snapshot or of a row, by name."""
    found = told["policy"] if "policy" in told else told["data"]
    plain = lambda x: x["value"] if isinstance(x, dict) and "value" in x else x
    return {name: number(plain(value)) for name, value in found.items()}


def differs(ours, theirs):
    if not isinstance(theirs, (int, float)) or isinstance(theirs, bool):
        return True
    return not abs(ours - theirs) <= TOLERANCE * max(1.0, abs(ours))


def main(dump, told):
    with open(dump, encoding="utf-8") as file:
        batch = json.load(file)
    with open(told, encoding="utf-8") as file:
        found = shown(json.load(file))
    errors, advantages, returns = gae(batch)
    used, of_advantages = advantage_numbers(advantages, batch["normalize_advantages"])
    wrong = []
    lists = {"td_errors": errors, "advantages": advantages, "advantages_in_loss": used, "returns": returns}
    for name, ours in lists.items():
        theirs = batch[name]
        if len(ours) != len(theirs) or any(differs(a, number(b)) for a, b in zip(ours, theirs)):
            wrong.append(f"{name}: the trainer's list is another one")
    numbers = {**policy_numbers(batch), **of_advantages, **value_numbers(batch, errors, returns)}
    for name, ours in numbers.items():
        if differs(ours, found.get(name)):
            wrong.append(f"{name}: {ours!r} here, {found.get(name)!r} told")
    for line in wrong:
        print(line)
    print(f"{len(numbers)} numbers and {len(lists)} lists of {len(errors)} compared, {len(wrong)} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        print(__doc__.strip(), file=sys.stderr)
        sys.exit(2)
    sys.exit(main(*sys.argv[1:]))
