"""Closed second-moment recursions for every regime of brief_regimes.md: E simpson and E l2_first, any s and any sizes.

Derived by algebra from the two briefs alone. Write <u, v> for E sum_i u_i v_i, f = <p, p>, s_m = <p^(m), p^(m)> and
c_m = <p^(m), p^(1)>. Then E simpson = s_m, E l2_first = s_m - 2 c_m + s_1, with c_0 = f (E p^(1) = p) and c_1 = s_1.
Two rules give everything. (R1) If v is the vector of frequencies of n tokens which are independent with law u given all
the past (u may be random), then <v, b> = <u, b> for each b of the past, and <v, v> = 1/n + (1 - 1/n) <u, u>: an ordered
pair of the tokens is one token twice with chance 1/n, else two independent tokens, which agree with chance sum_i u_i^2.
(R2) If v is the frequency vector of a uniform subset of k of the L tokens of a pool with frequencies u, again <v, b> =
<u, b>, and <v, v> = 1/k + (1 - 1/k) (L <u, u> - 1)/(L - 1): two distinct tokens of the pool agree with that chance.
All else is bilinear; each function below states its own recursion and returns (s_m), (c_m), m = 0..g.
"""

import numpy as np
from scipy.stats import binom


def size(n, m):
    """n_m: one number, or a list that starts with n_1 and whose last entry holds from there on."""
    return int(n[min(m, len(n)) - 1]) if isinstance(n, (list, tuple, np.ndarray)) else int(n)


def drawn(n, inner):
    """(R1): <v, v> for the frequencies v of n tokens of a law u with <u, u> = inner."""
    return 1.0 / n + (1.0 - 1.0 / n) * inner


def drawn_counts(n, inner):
    """The same for counts, n^2 <v, v>, which is also right for n = 0."""
    return n + n * (n - 1.0) * inner


def fully(f, g, n):
    """s_m = 1/n_m + (1 - 1/n_m) s_{m-1} by R1. p^(m) is a martingale, so c_m = <p^(1), p^(1)> = s_1."""
    s = [f]
    for m in range(1, g + 1):
        s.append(drawn(size(n, m), s[-1]))
    return s, [f] + [s[1]] * g


def partial(f, g, n, big):
    """r = p^(1) are the real frequencies, s_1 = 1/N + (1 - 1/N) f; p^(m) = (N r + n_m y)/(N + n_m), y from p^(m-1).

    E[p^(m) | r] = r by induction, so <r, p^(m)> = c_m = s_1; then
    s_m = (N^2 s_1 + 2 N n_m s_1 + n_m + n_m (n_m - 1) s_{m-1}) / (N + n_m)^2.
    """
    s = [f, drawn(big, f)]
    for m in range(2, g + 1):
        k = size(n, m)
        s.append((big**2 * s[1] + 2.0 * big * k * s[1] + drawn_counts(k, s[-1])) / (big + k) ** 2)
    return s, [f] + [s[1]] * g


def recent_fresh(f, g, n, keep):
    """B_tu = <p^(t), p^(u)>. p^(m) is the mean of W = min(m, K) independent frequency vectors of k tokens each:

    B_mb = mean_t B_tb for b < m, and B_mm = (sum_{t != u} B_tu + sum_t [1/k + (1 - 1/k) B_tt]) / W^2.
    """
    b = np.zeros((g + 1, g + 1))
    b[0, 0] = f
    for m in range(1, g + 1):
        k, old = size(n, m) // keep, slice(max(0, m - keep), m)
        wide = m - old.start
        if k < 1:
            raise ValueError("an empty corpus has no frequencies")
        b[m, :m] = b[:m, m] = b[old, :m].mean(0)
        diagonal = np.diag(b)[old]
        b[m, m] = (b[old, old].sum() + ((1.0 - diagonal) / k).sum()) / wide**2
    return np.diag(b), b[:, 1]


def recent_kept(f, g, n, keep):
    """D = the Gram matrix of p (index 0) and of the datasets' frequencies d_t (index t + 1), k_t tokens each.

    p^(m) = sum_t w_mt d_t with w_mt = k_t / sum of the window's k, so each <p^(m), .> is w_m D; d_m is from p^(m),
    so that D_{m b} = (w_m D)_b for the earlier b, and D_{m m} = 1/k_m + (1 - 1/k_m) w_m D w_m. (k_m = 0: weight 0.)
    """
    d, w = np.zeros((g + 1, g + 1)), np.zeros((g + 1, g + 1))
    k = np.array([0] + [size(n, m) // keep for m in range(1, g + 1)])
    d[0, 0] = f
    w[0, 0] = 1.0
    for m in range(1, g + 1):  # index m is the dataset of time m - 1
        if k[m]:
            d[m, :m] = d[:m, m] = w[m - 1, :m] @ d[:m, :m]
            d[m, m] = drawn(k[m], w[m - 1] @ d @ w[m - 1])
        window = slice(max(1, m - keep + 1), m + 1)
        if not k[window].any():
            raise ValueError("an empty corpus has no frequencies")
        w[m, window] = k[window] / k[window].sum()
    return np.einsum("mi,ij,mj->m", w, d, w), w @ d @ w[1]


def random_fresh(f, g, n):
    """u_m = mean of p^(0..m-1), A_m = <u_m, u_m>, A_1 = f: p^(m) is drawn from u_m; u_{m+1} = (m u_m + p^(m))/(m + 1).

    s_m = 1/n_m + (1 - 1/n_m) A_m, <u_m, p^(m)> = A_m, so A_{m+1} = ((m^2 + 2 m) A_m + s_m)/(m + 1)^2.
    <u_2, p^(1)> = (f + s_1)/2, and from there on <u_{m+1}, p^(1)> = <u_m, p^(1)> = c_m: constant.
    """
    s, a = [f], f
    for m in range(1, g + 1):
        s.append(drawn(size(n, m), a))
        a = ((m * m + 2.0 * m) * a + s[m]) / (m + 1.0) ** 2
    return s, [f, s[1]] + [(f + s[1]) / 2] * (g - 1)


def random_pool(f, g, n):
    """u_m = mean of the datasets' frequencies d_0..d_{m-1}, A_m = <u_m, u_m>, A_1 = 1/n_1 + (1 - 1/n_1) f.

    p^(m) is n_m tokens of u_m: s_m = 1/n_m + (1 - 1/n_m) A_m. d_m is n_{m+1} tokens of p^(m): <d_m, u_m> = <p^(m), u_m>
    = A_m, <d_m, d_m> = 1/n_{m+1} + (1 - 1/n_{m+1}) s_m; A_{m+1} = ((m^2 + 2 m) A_m + <d_m, d_m>)/(m + 1)^2.
    <u_1, p^(1)> = A_1, <d_1, p^(1)> = s_1, so <u_2, p^(1)> = (A_1 + s_1)/2 = c_2, constant from there on.
    """
    s, first = [f], drawn(size(n, 1), f)
    a = first
    for m in range(1, g + 1):
        s.append(drawn(size(n, m), a))
        a = ((m * m + 2.0 * m) * a + drawn(size(n, m + 1), s[m])) / (m + 1.0) ** 2
    return s, [f, s[1]] + [(first + s[1]) / 2] * (g - 1)


def random_prefix(f, g, n):
    """The Gram matrix of p, p^(1) and every drawn token y^(t)_i as a unit vector, i <= the largest later size.

    Given p^(t) its tokens are independent draws (R1 with n = 1): <y^(t)_i, b> = <p^(t), b> for b earlier, <y^(t)_i,
    y^(t)_j> = s_t for i != j, 1 for i = j. p^(m) = (1/n_m) sum_{t, i} 1{n_t >= i} y^(t)_i, with n_t independent of the
    tokens: <p^(m), b> = (1/n_m) sum_{t, i} P(n_t >= i) <y^(t)_i, b>, and s_m = (1/n_m^2) sum over all pairs of
    P(n_t >= i, n_u >= j) <y^(t)_i, y^(u)_j>; for t = u that chance is P(n_t >= max(i, j)), else a trinomial tail, the
    same for every t != u (n_t is Bin(n_m, 1/m), and n_u given n_t is Bin(n_m - n_t, 1/(m - 1))).
    """
    lengths = [max(size(n, j) for j in range(t + 1, g + 1)) for t in range(g)]
    total = 2 + sum(lengths)
    gram, place = np.zeros((total, total)), 2  # rows: p, p^(1), then the tokens, generation by generation
    gram[0, 0] = f
    s, row, blocks = [f], gram[0].copy(), []  # row: <p^(m-1), everything so far>
    for m in range(1, g + 1):
        new = slice(place, place + lengths[m - 1])
        place = new.stop
        gram[new, : new.start] = row[: new.start]
        gram[: new.start, new] = row[: new.start, None]
        gram[new, new] = s[-1] + (1.0 - s[-1]) * np.eye(lengths[m - 1])
        blocks.append(new)
        k = size(n, m)
        parts = np.arange(k + 1)
        chance = binom.pmf(parts, k, 1.0 / m)
        tail = np.cumsum(chance[::-1])[::-1][1:]  # tail[i - 1] = P(n_t >= i), i = 1..k
        same = tail[np.maximum.outer(np.arange(k), np.arange(k))]
        if m > 1:
            joint = chance[:, None] * binom.pmf(parts[None], k - parts[:, None], 1.0 / (m - 1))
            cross = joint[::-1, ::-1].cumsum(0).cumsum(1)[::-1, ::-1][1:, 1:]
        row, own = np.zeros(total), 0.0
        for a in blocks:
            row += tail @ gram[a.start : a.start + k] / k
            for b in blocks:
                weights = same if a is b else cross
                own += (weights * gram[a.start : a.start + k, b.start : b.start + k]).sum() / k**2
        s.append(own)
        if m == 1:  # p^(1) joins the matrix
            gram[1], gram[:, 1], gram[1, 1] = row, row, own
            gram[1, 0] = gram[0, 1] = f
            c = [f, own]
            row[1] = own
        else:
            c.append(row[1])
    return s, c


def accumulate(f, g, n):
    """p^(m) = (L_{m-1} p^(m-1) + n_m d)/L_m, d drawn from p^(m-1), a martingale: c_m = s_1, and

    s_m = ((L_{m-1}^2 + 2 L_{m-1} n_m) s_{m-1} + n_m + n_m (n_m - 1) s_{m-1})/L_m^2.
    """
    s, have = [f], 0
    for m in range(1, g + 1):
        k = size(n, m)
        s.append(((have**2 + 2.0 * have * k) * s[-1] + drawn_counts(k, s[-1])) / (have + k) ** 2)
        have += k
    return s, [f] + [s[1]] * g


def subsample(f, g, n, many, copies):
    """u_m = the pool's frequencies, A_m = <u_m, u_m>; u_m = (L_{m-1} u_{m-1} + n_m d)/L_m, d drawn from p^(m-1).

    <u_m, p^(m)> = A_m (R1 or R2), so A_m = ((L_{m-1}^2 + 2 L_{m-1} n_m) A_{m-1} + n_m + n_m (n_m - 1) s_{m-1})/L_m^2;
    s_m follows from A_m by R1 with M tokens, or R2 with min(M, L_m). With b_m = <u_m, p^(1)>: b_1 = A_1, c_1 = s_1,
    c_m = b_m = (L_{m-1} b_{m-1} + n_m c_{m-1})/L_m for m >= 2.
    """
    s, c, a, b, have = [f], [f], 0.0, 0.0, 0
    for m in range(1, g + 1):
        k = size(n, m)
        a = ((have**2 + 2.0 * have * k) * a + drawn_counts(k, s[-1])) / (have + k) ** 2
        b = (have * b + k * c[-1]) / (have + k) if m > 1 else a
        have += k
        if copies or have == 1:  # (a pool of one token: either way 1)
            s.append(drawn(many, a))
        else:
            s.append(drawn(min(many, have), (have * a - 1.0) / (have - 1.0)))
        c.append(b if m > 1 else s[1])
    return s, c


def fresh(f, g, n, big, w):
    """x (N tokens of p) and y (n_m tokens of p^(m-1)) are independent given the past, and E p^(m-1) = p:

    s_m = (w^2 [N + N (N - 1) f] + 2 w N n_m f + n_m + n_m (n_m - 1) s_{m-1})/(w N + n_m)^2, m >= 2; s_1 from N (or n_1)
    tokens of p; c_m = (w N f + n_m c_{m-1})/(w N + n_m).
    """
    s = [f, drawn(big or size(n, 1), f)]
    c = [f, s[1]]
    for m in range(2, g + 1):
        k = size(n, m)
        top = w * w * drawn_counts(big, f) + 2.0 * w * big * k * f + drawn_counts(k, s[-1])
        s.append(top / (w * big + k) ** 2)
        c.append((w * big * f + k * c[-1]) / (w * big + k))
    return s, c


def mixture(f, g, n, a):
    """p^(m) is drawn from u = a p + (1 - a) p^(m-1), <u, u> = a^2 f + 2 a (1 - a) f + (1 - a)^2 s_{m-1}; then R1.

    c_m = a f + (1 - a) c_{m-1} for m >= 2.
    """
    s, c = [f], [f]
    for m in range(1, g + 1):
        s.append(drawn(size(n, m), (2.0 * a - a * a) * f + (1.0 - a) ** 2 * s[-1]))
        c.append(a * f + (1.0 - a) * c[-1] if m > 1 else s[1])
    return s, c


def second_moments(regime, p, generations):
    """(s_m), (c_m) at m = 0..max(generations, 1)."""
    f, g, kind = float(np.sum(np.asarray(p, float) ** 2)), max(generations, 1), regime[0]
    if kind == "recent":
        s, c = (recent_kept if regime[3] else recent_fresh)(f, g, *regime[1:3])
    elif kind == "random":
        s, c = {"fresh": random_fresh, "pool": random_pool, "prefix": random_prefix}[regime[2]](f, g, regime[1])
    else:
        plain = {
            "fully": fully,
            "partial": partial,
            "accumulate": accumulate,
            "subsample": subsample,
            "fresh": fresh,
            "mixture": mixture,
        }
        s, c = plain[kind](f, g, *regime[1:])
    return np.array(s, float), np.array(c, float)


def simpson(regime, p, generations):
    """E sum_i (p^(m)_i)^2 at m = 0..generations."""
    return second_moments(regime, p, generations)[0][: generations + 1]


def l2_first(regime, p, generations):
    """E sum_i (p^(m)_i - p^(1)_i)^2 at m = 0..generations."""
    s, c = second_moments(regime, p, generations)
    return (s - 2.0 * c + s[1])[: generations + 1]


if __name__ == "__main__":
    from regimes_enumeration import expectation

    regimes = []
    for n in (1, 2, 4, [1, 3, 2], [4, 2, 3, 1], [2, 1, 4]):
        regimes += [
            ("fully", n),
            ("partial", n, 3),
            ("partial", n, 1),
            ("recent", n, 1, False),
            ("recent", n, 1, True),
            ("random", n, "fresh"),
            ("random", n, "pool"),
            ("accumulate", n),
            ("fresh", n, 2, 1),
            ("fresh", n, 2, 0.4),
            ("fresh", n, 3, 2.5),
            ("fresh", n, 0, 1),
            ("mixture", n, 0.25),
            ("mixture", n, 0),
            ("mixture", n, 1),
        ]
        regimes += [("subsample", n, many, copies) for many in (1, 3, 4) for copies in (True, False)]
    for n in (2, 4, 5, [4, 2, 6], [2, 5, 4, 2]):
        regimes += [("recent", n, 2, again) for again in (True, False)]
    regimes += [("recent", n, 3, again) for n in (3, 6, [3, 6, 4]) for again in (True, False)]
    regimes += [("recent", [2, 1, 2], 2, True)]  # a dataset of no tokens in the window
    worst = 0.0
    for regime in regimes + [("random", n, "prefix") for n in (1, 2, 3, [1, 3, 2], [3, 1, 2], [2, 3, 1])]:
        prefix, gap = "prefix" in regime, 0.0
        for p in ((0.5, 0.5), (0.8, 0.2), (0.7, 0.0, 0.3)) + (() if prefix else ((1 / 3,) * 3, (0.6, 0.3, 0.1))):
            g = 3 if prefix and len(p) == 3 else 4
            exact = expectation(regime, p, g)
            gap = max(
                gap,
                *abs(simpson(regime, p, g) - exact["simpson"][0]),
                *abs(l2_first(regime, p, g) - exact["l2_first"][0]),
            )
        worst = max(worst, gap)
        print(f"{regime!s:45s} {gap:.1e}")
    print(f"{len(regimes) + 6} regimes, largest discrepancy {worst:.1e}")
    assert worst < 1e-12
