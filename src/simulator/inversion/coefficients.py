"""Prints coefficients.rs: polynomials of the uniform asymptotic inversions of the gamma and Poisson laws.

Gamma (Temme, "Asymptotic inversion of incomplete gamma functions", Math. Comp. 58, 1992): with
P(a, x) = Phi(z) and s = z/sqrt(a), eta = s + e1(s)/a + e2(s)/a^2 + ... solves
f(eta) d eta/ds = G(a) exp(a(eta^2 - s^2)/2), f = eta/(lambda - 1), eta^2/2 = lambda - 1 - ln lambda, G Stirling's
factor; x = a lambda(eta) = a (g0 + g1/a + g2/a^2 + ...). All are power series in s.

Poisson: Q(x, mean) = Phi(z) with s = z/sqrt(mean); x = mean (r0 + r1/mean + ...) by inverting the gamma's
expansion in a, pointwise, as jets in 1/mean. r0 ln r0 - r0 + 1 = s^2/2.

    python3 coefficients.py > coefficients.rs      (mpmath 1.3)
"""
from mpmath import mp, mpf, log, sqrt, findroot, chebyfit

mp.dps = 40
M = 70  # terms of the power series in eta

def mul(a, b):
    out = [mpf(0)] * M
    for i, x in enumerate(a):
        if x:
            for j in range(M - i):
                out[i + j] += x * b[j]
    return out
def add(*xs): return [sum(t) for t in zip(*xs)]
def scale(k, a): return [k * x for x in a]
def diff(a): return [(i + 1) * a[i + 1] for i in range(M - 1)] + [mpf(0)]
def down(a):
    assert abs(a[0]) < mpf(10) ** -25, a[0]
    return a[1:] + [mpf(0)]
def inv(a):
    out = [mpf(0)] * M
    out[0] = 1 / a[0]
    for n in range(1, M):
        out[n] = -sum(a[k] * out[n - k] for k in range(1, n + 1)) / a[0]
    return out
def ln(a):
    # a[0] = 1; L' = a'/a
    d = mul(diff(a), inv(a))
    return [mpf(0)] + [d[i] / (i + 1) for i in range(M - 1)]

c = [mpf(0)] * (M + 1)
c[1] = mpf(1)
for n in range(2, M + 1):
    c[n] = (c[n - 1] - sum(c[i] * (n + 1 - i) * c[n + 1 - i] for i in range(2, n))) / (n + 1)
f = inv(c[1:M + 1])
L = ln(f)
lam = [mpf(1)] + c[1:M]
L1, L2, L3 = diff(L), diff(diff(L)), diff(diff(diff(L)))
one = [mpf(1)] + [mpf(0)] * (M - 1)
e1 = down(L)
d1 = diff(e1)
e2 = down(add(mul(L1, e1), d1, scale(mpf(-1) / 2, mul(e1, e1)), scale(mpf(-1) / 12, one)))
d2 = diff(e2)
e3 = down(add(mul(L1, e2), scale(mpf(1) / 2, mul(L2, mul(e1, e1))), d2, scale(mpf(-1) / 2, mul(d1, d1)), scale(-1, mul(e1, e2))))
d3 = diff(e3)
e4 = down(add(mul(L1, e3), mul(L2, mul(e1, e2)), scale(mpf(1) / 6, mul(L3, mul(e1, mul(e1, e1)))), d3,
              scale(-1, mul(d1, d2)), scale(mpf(1) / 3, mul(d1, mul(d1, d1))), scale(-1, mul(e1, e3)),
              scale(mpf(-1) / 2, mul(e2, e2)), scale(mpf(1) / 360, one)))
l1, l2, l3, l4 = diff(lam), diff(diff(lam)), diff(diff(diff(lam))), diff(diff(diff(diff(lam))))
e11 = mul(e1, e1)
G = [lam,
     mul(l1, e1),
     add(mul(l1, e2), scale(mpf(1) / 2, mul(l2, e11))),
     add(mul(l1, e3), mul(l2, mul(e1, e2)), scale(mpf(1) / 6, mul(l3, mul(e11, e1)))),
     add(mul(l1, e4), scale(mpf(1) / 2, mul(l2, add(mul(e2, e2), scale(2, mul(e1, e3))))),
         scale(mpf(1) / 2, mul(l3, mul(e11, e2))), scale(mpf(1) / 24, mul(l4, mul(e11, e11))))]

def ev(a, x, top=None):
    s = mpf(0)
    for k in reversed(a[:M - 12] if top is None else a[:top]):
        s = s * x + k
    return s

# --- Poisson jets: R(s, d) = x/lambda with d = 1/lambda, by Newton on jets in d up to order K
K = 5
def jm(a, b):
    out = [mpf(0)] * K
    for i in range(K):
        for j in range(K - i):
            out[i + j] += a[i] * b[j]
    return out
def jinv(a):
    out = [mpf(0)] * K
    out[0] = 1 / a[0]
    for n in range(1, K):
        out[n] = -sum(a[k] * out[n - k] for k in range(1, n + 1)) / a[0]
    return out
def jsqrt(a):
    out = [mpf(0)] * K
    out[0] = sqrt(a[0])
    for n in range(1, K):
        out[n] = (a[n] - sum(out[k] * out[n - k] for k in range(1, n))) / (2 * out[0])
    return out
D = [G]
for _ in range(K):
    D.append([diff(g) for g in D[-1]])
fact = [mpf(1), mpf(1), mpf(2), mpf(6), mpf(24), mpf(120)]
def compose(order, eta):
    """G_order at the jet eta, by Taylor."""
    h = [mpf(0)] + eta[1:]
    power = [mpf(1)] + [mpf(0)] * (K - 1)
    out = [mpf(0)] * K
    for k in range(K):
        v = ev(D[k][order], eta[0]) / fact[k]
        out = [o + v * p for o, p in zip(out, power)]
        power = jm(power, h)
    return out
def r0(s):
    if s == 0: return mpf(1)
    return findroot(lambda r: r * log(r) - r + 1 - s * s / 2, 1 + s + s * s / 6 if s > -1 else mpf('0.2'))
cache = {}
def jets(s):
    if s in cache: return cache[s]
    R = [r0(s)] + [mpf(0)] * (K - 1)
    def residual(R):
        root = jinv(jsqrt(R))
        eta = [-s * t for t in root]
        invx = jm([mpf(0), mpf(1)] + [mpf(0)] * (K - 2), jinv(R))
        total = [mpf(0)] * K
        power = [mpf(1)] + [mpf(0)] * (K - 1)
        for order in range(5):
            total = [t + p for t, p in zip(total, jm(power, compose(order, eta)))]
            power = jm(power, invx)
        out = jm(R, total)
        out[0] -= 1
        return out
    base = residual(R)
    # derivative wrt R0 at order zero: numeric
    h = mpf(10) ** -15
    slope = (residual([R[0] + h] + R[1:])[0] - residual([R[0] - h] + R[1:])[0]) / (2 * h)
    for n in range(1, K):
        res = residual(R)
        R[n] = -res[n] / slope
    cache[s] = R
    return R

def fit(fn, interval, degree):
    poly, err = chebyfit(fn, interval, degree + 1, error=True)
    return [float(x) for x in reversed(poly)], float(err)

HEAD = """//! Coefficients, lowest power first, of the polynomials in the inversions. Made by `coefficients.py`,
//! which derives them; do not edit.

#![expect(clippy::unreadable_literal, reason = "generated")]

"""
LINES = []
def emit(name, doc, fn, interval, degree):
    coefficients, err = fit(fn, interval, degree)
    LINES.append("/// %s; largest error of the fit %.1e.\npub(super) const %s: [f64; %d] = [" % (doc, err, name, degree + 1))
    LINES.extend("    %r," % c for c in coefficients)
    LINES.append("];\n")
    return coefficients
S = mpf('2.06')
emit("GAMMA_0", "(g₀(s) − 1 − s)/s²", lambda s: ev(G[0][2:] + [mpf(0)] * 2, s), [-S, S], 16)
for k, degree in ((1, 13), (2, 11), (3, 9), (4, 6)):
    emit("GAMMA_%d" % k, "g%s(s)" % "₀₁₂₃₄"[k], lambda s: ev(G[k], s), [-S, S], degree)
interval = [mpf('-1.1'), mpf('1.3')]
def h0(s):
    s = s if abs(s) > mpf(10) ** -8 else mpf(10) ** -8
    return (r0(s) - 1 - s) / (s * s)
emit("POISSON_0", "(r₀(s) − 1 − s)/s²", h0, interval, 12)
emit("POISSON_1", "r₁(s)", lambda s: jets(s)[1], interval, 9)
emit("POISSON_2", "r₂(s)", lambda s: jets(s)[2], interval, 7)
print(HEAD + "\n".join(LINES).rstrip())
