"""Exact answers of the cases in inputs/, from closed forms and series, without any code of heat2d.

Each function returns the values on which the checks of one case are based; test_gallery.py compares them with
the values in the case file.
"""
from __future__ import annotations

import numpy as np

STEFAN_BOLTZMANN = 5.670374419e-8  # W/(m2 K4), CODATA 2018


def bessel_k0(z):
    """Return K0(z), the integral over u > 0 of exp(-z cosh u); the midpoint rule converges geometrically."""
    u = (np.arange(4000) + 0.5) * (12.0 / 4000)
    return np.sum(np.exp(-np.multiply.outer(z, np.cosh(u))), axis=-1) * (12.0 / 4000)


def bisect(f, low: float, high: float) -> float:
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if (f(middle) > 0) == (f(low) > 0) else (low, middle)
    return 0.5 * (low + high)


# ---- iso-10211-1 ----------------------------------------------------------------------------------------


def square_column(x: float, y: float) -> float:
    """Return the temperature in a square of 0.4 m with 20 on its top and 0 on its other sides (Carslaw and Jaeger 5.3)."""
    n = np.arange(1, 2000, 2) * np.pi
    x, y = x / 0.4, y / 0.4
    ratio = np.exp(n * (y - 1.0)) * (1.0 - np.exp(-2.0 * n * y)) / (1.0 - np.exp(-2.0 * n))
    return float(20.0 * np.sum(4.0 / n * np.sin(n * x) * ratio))


# ---- processor ------------------------------------------------------------------------------------------


def processor(x: float, y: float, modes: int = 4000) -> float:
    """Return the temperature in two layers with a contact between them, a flux below and a film above.

    The flux is a cosine series; each mode has an impedance, as in the case file."""
    width, die, lid = 0.008, 0.0008, 0.0032
    k_die, k_lid, contact, film, ambient = 120.0, 390.0, 1e-5, 12000.0, 308.15
    idle, hot = 2e5, 1.2e6
    n = np.arange(1, modes + 1)
    lam = n * np.pi / width
    flux = 2.0 * (hot - idle) / (n * np.pi) * (np.sin(lam * 0.005) - np.sin(lam * 0.003))
    mean = idle + (hot - idle) * 0.002 / width

    def through(load, k, depth, left):
        """Return T and flux of a mode at `depth` in a layer that ends `left` behind this place in the impedance `load`,
        for a unit flux into the layer."""
        z, length = 1.0 / (k * lam), depth + left
        e = np.exp(-2.0 * lam * length)
        down, d = np.exp(-lam * depth), np.exp(-2.0 * lam * left)
        bottom = z * (1.0 + e) + load * (1.0 - e)
        return (z * down * (load * (1.0 + d) + z * (1.0 - d)) / bottom,
                down * (z * (1.0 + d) + load * (1.0 - d)) / bottom)

    above = 1.0 / film
    into_lid, _ = through(above, k_lid, 0.0, lid)
    if y < die:
        amplitude, _ = through(contact + into_lid, k_die, y, die - y)
        steady = (die - y) / k_die + contact + lid / k_lid + 1.0 / film
    else:
        _, arriving = through(contact + into_lid, k_die, die, 0.0)
        amplitude, _ = through(above, k_lid, y - die, die + lid - y)
        amplitude = amplitude * arriving
        steady = (die + lid - y) / k_lid + 1.0 / film
    return float(ambient + mean * steady + np.sum(flux * amplitude * np.cos(lam * x)))


# ---- vacuum-furnace -------------------------------------------------------------------------------------


def vacuum_furnace() -> dict[str, float]:
    """Return the steady flux and temperatures of the wall.

    One flux q goes from the elements by radiation to the felt, with k = a + b T, through the steel, and by radiation to
    the vessel."""
    elements, vessel, e_in, e_out = 1573.15, 300.0, 0.8, 0.3
    a, b, felt, k_steel, steel = 0.02, 1.2e-4, 0.06, 16.0, 0.003

    def chain(q):
        hot = (elements**4 - q / (e_in * STEFAN_BOLTZMANN))**0.25
        rest = a * hot + 0.5 * b * hot**2 - q * felt  # Kirchhoff: a T + b T^2/2 falls by q times the thickness
        cold = (-a + np.sqrt(a**2 + 2.0 * b * rest)) / b
        outside = cold - q * steel / k_steel
        return hot, cold, outside, e_out * STEFAN_BOLTZMANN * (outside**4 - vessel**4) - q

    q = bisect(lambda q: chain(q)[3], 100.0, 5900.0)
    hot, cold, outside, _ = chain(q)
    part = 0.03 / felt  # between two cells, where the temperature follows from the integral of k
    middle_theta = (1 - part) * (a * hot + 0.5 * b * hot**2) + part * (a * cold + 0.5 * b * cold**2)
    middle = (-a + np.sqrt(a**2 + 2.0 * b * middle_theta)) / b
    return {"flux": q, "hot": hot, "middle": float(middle), "cold": float(cold), "outside": float(outside)}


# ---- weld -----------------------------------------------------------------------------------------------

WELD = {"q": 600e3, "speed": 0.005, "start": 0.04, "sigma": 0.003, "k": 35.0, "rho": 7850.0, "c": 600.0,
        "loss": 10000.0, "ambient": 293.15, "end": 30.0, "length": 0.24, "half": 0.06}


def weld(x: float, y: float) -> float:
    """Return the temperature of a moving Gaussian line source, by Green's function with images in the four sides."""
    w = WELD
    alpha, rate = w["k"] / (w["rho"] * w["c"]), w["loss"] / (w["rho"] * w["c"])
    # With s^2 the time since the release the integrand is smooth, and Gauss-Legendre quadrature in panels converges.
    nodes, weights = np.polynomial.legendre.leggauss(40)
    edges = np.linspace(0.0, np.sqrt(w["end"]), 61)
    root = (0.5 * (edges[1:] - edges[:-1])[:, None] * (nodes + 1.0) + edges[:-1, None]).ravel()
    weight = (0.5 * (edges[1:] - edges[:-1])[:, None] * weights).ravel() * 2.0 * root
    age = root**2
    spread = w["sigma"]**2 + 2.0 * alpha * age
    source = w["start"] + w["speed"] * (w["end"] - age)
    kernel = np.zeros_like(age)
    for copy in range(-2, 3):
        for mirror in (source, -source):
            for dy in (y + 2.0 * copy_y * w["half"] for copy_y in range(-2, 3)):
                dx = x - mirror - 2.0 * copy * w["length"]
                kernel += np.exp(-(dx**2 + dy**2) / (2.0 * spread))
    rise = np.sum(weight * np.exp(-rate * age) * kernel / (2.0 * np.pi * spread))
    return float(w["ambient"] + w["q"] / (w["rho"] * w["c"]) * rise)


def rosenthal(x: float, y: float) -> float:
    """Return Rosenthal's temperature (1946) of a thin plate that loses heat from its faces: a point source has moved on an
    infinite plate for an infinite time."""
    w = WELD
    alpha = w["k"] / (w["rho"] * w["c"])
    xi = x - (w["start"] + w["speed"] * w["end"])
    half = w["speed"] / (2.0 * alpha)
    decay = np.sqrt(half**2 + w["loss"] / w["k"])
    return float(w["ambient"] + w["q"] / (2.0 * np.pi * w["k"]) * np.exp(-half * xi)
                 * bessel_k0(decay * np.hypot(xi, y)))


# ---- fin ------------------------------------------------------------------------------------------------


def fin() -> dict[str, float]:
    """Return m0, m1, the heat and the tip's temperature of a fin with an adiabatic tip: modes 0 and 1 of the base
    temperature decay with m0 and m1."""
    k, film, thickness, length, pitch, base, air, ripple = 200.0, 40.0, 0.0005, 0.05, 0.02, 353.15, 298.15, 5.0
    m0 = np.sqrt(2.0 * film / (k * thickness))
    m1 = np.sqrt(m0**2 + (2.0 * np.pi / pitch)**2)
    return {"m0": m0, "m1": m1, "heat": k * m0 * (base - air) * np.tanh(m0 * length) * pitch,
            "tip": air + (base - air) / np.cosh(m0 * length) + ripple / np.cosh(m1 * length)}
