#!/usr/bin/env python3
"""Computes PPO updates a second time, independently of the Rust code, and compares.

Reads `testdata/update/cases.json` (rollouts, parameters and settings, dumped by the Rust example `update_cases`) and
computes what one update makes of each: every statistic of the event contract (events.md, section 5) and the parameters
afterwards. Gradients come from a small automatic differentiation below, not from formulas of ours. Only the standard
library of Python 3 is needed; all numbers are 64-bit.

From the folder of the crate:

    cargo run -q -p simic-training --example update_cases > testdata/update/cases.json   # after a change of the cases
    python3 tests/python/check_update.py            # writes testdata/update/expected.json
    python3 tests/python/check_update.py --check    # exit 1 when the committed expectation is not what this computes
"""

import json
import math
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "testdata" / "update"


class Var:
    """A number that remembers how it was made."""

    __slots__ = ("x", "parents", "grad")

    def __init__(self, x, parents=()):
        self.x, self.parents, self.grad = x, parents, 0.0

    def __add__(self, other):
        other = other if isinstance(other, Var) else Var(other)
        return Var(self.x + other.x, ((self, 1.0), (other, 1.0)))

    __radd__ = __add__

    def __mul__(self, other):
        other = other if isinstance(other, Var) else Var(other)
        return Var(self.x * other.x, ((self, other.x), (other, self.x)))

    __rmul__ = __mul__

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + (-other if isinstance(other, Var) else Var(-other))

    def __rsub__(self, other):
        return (-self) + other


def unary(a, x, slope):
    return Var(x, ((a, slope),))


def exp(a):
    return unary(a, math.exp(a.x), math.exp(a.x))


def log(a):
    return unary(a, math.log(a.x), 1.0 / a.x)


def tanh(a):
    return unary(a, math.tanh(a.x), 1.0 - math.tanh(a.x) ** 2)


def clamp(a, low, high):
    return unary(a, min(max(a.x, low), high), 1.0 if low <= a.x <= high else 0.0)


def smaller(a, b):
    return a if a.x <= b.x else b


def larger(a, b):
    return a if a.x >= b.x else b


def total(items):
    items = list(items)
    return Var(sum(i.x for i in items), tuple((i, 1.0) for i in items))


def backward(root):
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((parent, False) for parent, _ in node.parents)
    root.grad = 1.0
    for node in reversed(order):
        for parent, slope in node.parents:
            parent.grad += slope * node.grad


def mean(x):
    return math.fsum(x) / len(x)


def moment(x, k):
    m = mean(x)
    return math.fsum((v - m) ** k for v in x) / len(x)


def sd(x):
    return math.sqrt(moment(x, 2))


def quantile(x, q):
    x = sorted(x)
    at = q * (len(x) - 1)
    low = math.floor(at)
    high = min(low + 1, len(x) - 1)
    return x[low] + (at - low) * (x[high] - x[low])


def correlation(x, y):
    mx, my = mean(x), mean(y)
    return mean([(a - mx) * (b - my) for a, b in zip(x, y)]) / (sd(x) * sd(y))


class Network:
    def __init__(self, case):
        def tensors(layers):
            out = []
            for layer in layers:
                rows = [[Var(w) for w in row] for row in layer["weight"]]
                out.append((rows, [Var(b) for b in layer["bias"]]))
            return out

        self.actor, self.critic = tensors(case["actor"]), tensors(case["critic"])
        self.log_std = [Var(v) for v in case["log_std"]]
        self.head = case["head"]

    def tensors(self):
        out = []
        for rows, bias in self.actor + self.critic:
            out += [[w for row in rows for w in row], bias]
        return out + ([self.log_std] if self.log_std else [])

    @staticmethod
    def run(layers, x):
        for depth, (rows, bias) in enumerate(layers):
            x = [total([x[i] * rows[i][j] for i in range(len(x))] + [bias[j]]) for j in range(len(bias))]
            if depth + 1 < len(layers):
                x = [tanh(v) for v in x]
        return x

    def judge(self, observation, action):
        """Log-probability of the action, entropy, value."""
        x = [Var(v) for v in observation]
        outputs, value = self.run(self.actor, x), self.run(self.critic, x)[0]
        if self.head == "categorical":
            norm = log(total(exp(o) for o in outputs))
            log_p = [o - norm for o in outputs]
            return log_p[action], -total(exp(l) * l for l in log_p), value
        half = 0.5 * math.log(2.0 * math.pi)
        log_prob, entropy = [], []
        for m, s, a in zip(outputs, self.log_std, action):
            z = (a - m) * exp(-s)
            log_prob.append(-0.5 * (z * z) - s - half)
            entropy.append(s + (half + 0.5))
        return total(log_prob), total(entropy), value


def targets(case):
    n, envs = len(case["rewards"]), case["n_envs"]
    delta, advantage = [0.0] * n, [0.0] * n
    for e in range(envs):
        carried = 0.0
        for i in reversed(range(e, n, envs)):
            end = case["ends"][i]
            later = 0.0 if end == "terminated" else case["gamma"] * case["next_values"][i]
            delta[i] = case["rewards"][i] + later - case["values"][i]
            if end != "running":
                carried = 0.0
            advantage[i] = delta[i] + case["gamma"] * case["gae_lambda"] * carried
            carried = advantage[i]
    return delta, advantage, [a + v for a, v in zip(advantage, case["values"])]


def update(case):
    delta, raw, returns = targets(case)
    b = [(a - mean(raw)) / (sd(raw) + 1e-8) for a in raw] if case["normalize_advantages"] else raw
    clip, net = case["clip_range"], Network(case)
    moments = [([0.0] * len(t), [0.0] * len(t)) for t in net.tensors()]
    seen = {"l": [], "log_prob": [], "entropy": [], "policy": [], "value": []}
    norms, tensor_norms, early, passes, clipped_steps = [], [], None, 0, 0
    for order in case["orders"]:
        passes += 1
        for at in range(0, len(order), case["minibatch_size"]):
            batch = order[at : at + case["minibatch_size"]]
            policy, value_loss, entropies, kl = [], [], [], []
            for i in batch:
                log_prob, entropy, value = net.judge(case["observations"][i], case["actions"][i])
                l = log_prob - case["log_probs"][i]
                ratio = exp(l)
                surrogate = -smaller(ratio * b[i], clamp(ratio, 1.0 - clip, 1.0 + clip) * b[i])
                error = value - returns[i]
                squared = error * error
                if case["value_clip"] is not None:
                    old = case["values"][i]
                    near = clamp(value - old, -case["value_clip"], case["value_clip"]) + (old - returns[i])
                    squared = larger(squared, near * near)
                policy.append(surrogate)
                value_loss.append(squared)
                entropies.append(entropy)
                kl.append(ratio.x - 1.0 - l.x)
                seen["l"].append(l.x)
                seen["log_prob"].append(log_prob.x)
                seen["entropy"].append(entropy.x)
                seen["policy"].append(surrogate.x)
                seen["value"].append(error.x**2)
            if case["target_kl"] is not None and mean(kl) > 1.5 * case["target_kl"]:
                early = passes
                break
            for tensor in net.tensors():
                for w in tensor:
                    w.grad = 0.0
            share = 1.0 / len(batch)
            loss = total(policy) + case["value_coef"] * total(value_loss) - case["entropy_coef"] * total(entropies)
            backward(share * loss)
            each = [math.sqrt(math.fsum(w.grad**2 for w in t)) for t in net.tensors()]
            norm = math.sqrt(math.fsum(g**2 for g in each))
            norms.append(norm)
            tensor_norms.append(each)
            factor = min(1.0, case["max_grad_norm"] / norm)
            clipped_steps += factor < 1.0
            step = len(norms)
            for tensor, (first, second) in zip(net.tensors(), moments):
                for k, w in enumerate(tensor):
                    g = factor * w.grad
                    first[k] = 0.9 * first[k] + 0.1 * g
                    second[k] = 0.999 * second[k] + 0.001 * g * g
                    m, v = first[k] / (1.0 - 0.9**step), second[k] / (1.0 - 0.999**step)
                    w.x -= case["learning_rate"] * m / (math.sqrt(v) + 1e-5)
        if early is not None:
            break
    ratios = [math.exp(l) for l in seen["l"]]
    values = case["values"]
    above = sum(r > 1.0 + clip for r in ratios) / len(ratios)
    below = sum(r < 1.0 - clip for r in ratios) / len(ratios)
    layers = [mean([step[t] for step in tensor_norms]) for t in range(len(moments))]
    stats = {
        "transitions": len(values),
        "optimizer_steps": len(norms),
        "passes_run": passes,
        "early_stop_epoch": early,
        "policy_loss": mean(seen["policy"]),
        "value_loss": mean(seen["value"]),
        "entropy": mean(seen["entropy"]),
        "kl_divergence": mean([math.exp(l) - 1.0 - l for l in seen["l"]]),
        "clip_fraction": above + below,
        "clip_fraction_positive": above,
        "clip_fraction_negative": below,
        "ratio_mean": mean(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "ratio_std": sd(ratios),
        "log_prob_min": min(seen["log_prob"]),
        "log_prob_max": max(seen["log_prob"]),
        "advantage_mean": mean(b),
        "advantage_std": sd(b),
        "advantage_skewness": moment(b, 3) / sd(b) ** 3,
        "advantage_kurtosis": moment(b, 4) / sd(b) ** 4 - 3.0,
        "advantage_positive_ratio": sum(a > 0.0 for a in b) / len(b),
        "grad_norm": mean(norms),
        "gradient_cv": sd(norms) / mean(norms) if len(norms) >= 2 else None,
        "nan_grad_count": 0,
        "inf_grad_count": 0,
        "dead_layers": sum(g < 1e-8 for g in layers),
        "exploding_layers": sum(g > 100.0 for g in layers),
        "explained_variance": 1.0 - moment([r - v for r, v in zip(returns, values)], 2) / moment(returns, 2),
        "value_mean": mean(values),
        "value_std": sd(values),
        "value_min": min(values),
        "value_max": max(values),
        "v_return_correlation": correlation(values, returns),
        "td_error_mean": mean(delta),
        "td_error_std": sd(delta),
        "bellman_error": mean([abs(d) for d in delta]),
        "return_mean": mean(returns),
        "return_std": sd(returns),
        "return_p10": quantile(returns, 0.1),
        "return_p50": quantile(returns, 0.5),
        "return_p90": quantile(returns, 0.9),
        "return_variance": moment(returns, 2),
        "return_skewness": moment(returns, 3) / sd(returns) ** 3,
        "learning_rate": case["learning_rate"],
        "entropy_coef": case["entropy_coef"],
    }
    return {
        "name": case["name"],
        "stats": stats,
        "td_errors": delta,
        "advantages": raw,
        "returns": returns,
        "clipped_steps": clipped_steps,
        "parameters": [[w.x for w in t] for t in net.tensors()],
    }


def same(a, b):
    """Equal but for the last digits, which the mathematical library of a machine may round otherwise."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
    return a == b


def main():
    cases = json.loads((FOLDER / "cases.json").read_text())["cases"]
    expected = {"cases": [update(case) for case in cases]}
    path = FOLDER / "expected.json"
    if "--check" not in sys.argv[1:]:
        path.write_text(json.dumps(expected, indent=1) + "\n")
        print(f"wrote {len(cases)} cases")
    elif same(expected, json.loads(path.read_text())):
        print(f"{len(cases)} cases are as committed")
    else:
        sys.exit("testdata/update/expected.json is not up to date, run `python3 tests/python/check_update.py`")


if __name__ == "__main__":
    main()
