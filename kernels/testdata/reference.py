"""Makes reference.json, what numpy, scipy, scikit-image and mwatershed compute for small inputs: reference.py
Needs numpy, scipy, scikit-image and mwatershed 0.5.4."""
import itertools, json, os
import mwatershed, numpy as np
from scipy.ndimage import gaussian_filter
from skimage.measure import label
from skimage.metrics import adapted_rand_error, variation_of_information


def canonical(labels):
    """Numbers labels other than 0 from 1 in the order of their first elements."""
    numbers = {0: 0}
    return [numbers.setdefault(int(x), len(numbers)) for x in labels.ravel()]


def edges(scores, offsets, strides):
    """Yields (flat u, flat v, score) of every edge."""
    shape = scores.shape[1:]
    for c, o in enumerate(offsets):
        axes = [range(max(0, -d), min(n, n - d), s) for d, n, s in zip(o, shape, strides[c] if strides else [1] * len(o))]
        for p in itertools.product(*axes):
            q = tuple(a + d for a, d in zip(p, o))
            yield np.ravel_multi_index(p, shape), np.ravel_multi_index(q, shape), scores[(c, *p)]


def mutex_case(shape, offsets, bias, strides, levels):
    """Affinities rank/levels of distinct ranks. Skips draws with equal |score| (their order is not defined there) and
    those in which mwatershed gives a cluster the label 0, as it does when voxel 0 stands for a cluster."""
    for seed in itertools.count():
        rng = np.random.default_rng(seed)
        ranks = rng.permutation(levels)[: len(offsets) * int(np.prod(shape))].reshape(len(offsets), *shape)
        scores = ranks / levels + np.array(bias).reshape(-1, *[1] * len(shape))
        e = list(edges(scores, offsets, strides))
        if len({abs(s) for _, _, s in e}) != len(e):
            continue
        touched = np.zeros(int(np.prod(shape)), bool)
        for u, v, s in e:
            if s > 0:
                touched[[u, v]] = True
        got = mwatershed.agglom(scores, offsets=offsets, strides=strides)
        if ((got.ravel() != 0) == touched).all():
            return dict(shape=shape, offsets=offsets, bias=bias, strides=strides, ranks=ranks.ravel().tolist(),
                        levels=levels, labels=canonical(got))


def mutex():
    yield mutex_case([60], [[1], [-3], [7]], [-0.3, -0.7, -0.6], None, 1009)
    two = [[1, 0], [0, 1], [3, 0], [0, -4], [-2, 3]]
    for bias in [[-0.2, -0.2, -0.7, -0.7, -0.7], [-0.6, -0.6, -0.9, -0.9, -0.9]]:
        yield mutex_case([13, 11], two, bias, None, 2003)
        yield mutex_case([13, 11], two, bias, [[1, 1], [1, 1], [2, 1], [2, 3], [3, 2]], 2003)
    three = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [-2, 0, 0], [0, 3, 0], [2, -1, 4]]
    for strides in [None, [[1, 1, 1]] * 3 + [[2, 2, 2], [1, 3, 2], [2, 1, 1]], [[1, 2, 1]] * 3 + [[1, 1, 1]] * 3]:
        yield mutex_case([6, 7, 8], three, [-0.31] * 3 + [-0.72] * 3, strides, 4001)
    four = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 2, -2, 1]]
    yield mutex_case([3, 4, 5, 4], four, [-0.41] * 4 + [-0.66], [[1, 1, 1, 1]] * 4 + [[1, 2, 1, 1]], 2003)


def gaussian():
    rng = np.random.default_rng(1)
    for shape, sigma, dtype in [([9], [1.3], "float64"), ([3], [4.0], "float64"), ([5, 8], [0, 2.0], "float32"),
                                ([5, 8], [0.7, 2.0], "float64"), ([2, 4, 5, 3], [0, 1.0, 0.6, 2.5], "float32")]:
        src = rng.random(shape).astype(dtype)
        yield dict(shape=shape, sigma=sigma, dtype=dtype, src=src.ravel().tolist(), dst=gaussian_filter(src, sigma).ravel().tolist())


def components():
    rng = np.random.default_rng(2)
    for shape in [[70], [12, 15], [6, 7, 8]]:
        src = rng.integers(0, 2 + len(shape), shape) * (rng.random(shape) < 0.6)
        yield dict(shape=shape, src=src.ravel().tolist(), dst=label(src).ravel().tolist())


def metrics():
    rng = np.random.default_rng(3)
    for n, g, s in [(400, 6, 9), (300, 12, 3), (50, 2, 1)]:
        gt = np.sort(rng.integers(0, g, n))
        seg = np.where(rng.random(n) < 0.8, gt % s + 1, rng.integers(0, s, n))
        given_gt, given_seg = variation_of_information(gt, seg, ignore_labels=[0])
        yield dict(gt=gt.tolist(), seg=seg.tolist(), split=given_gt, merge=given_seg,
                   rand_error=adapted_rand_error(gt, seg, ignore_labels=[0])[0])


cases = dict(mutex=list(mutex()), gaussian=list(gaussian()), components=list(components()), metrics=list(metrics()))
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json"), "w") as f:
    json.dump(cases, f, separators=(",", ":"))
