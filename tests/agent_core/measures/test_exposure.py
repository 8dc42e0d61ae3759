"""Measures beyond accuracy, against plain loops over users, items and ranks."""

import math
from collections import Counter
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from agent_core.measures.categories import OF_CATEGORIES, shares_of_items
from agent_core.measures.exposure import SHOWN, Shown

K = 3
PROFILES = st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=8), min_size=2, max_size=6)
LISTS = st.lists(
    st.lists(st.integers(0, 11), min_size=1, max_size=K, unique=True), min_size=2, max_size=6
)
GENRES = {i: [("drama", "war", "film")[j] for j in range(3) if (i + 1) >> j & 1] for i in range(9)}
SIDES = pd.Series(GENRES, name="genres").rename_axis("item_id")


def pairs(rows):
    return pd.DataFrame(rows, columns=["user_id", "item_id"])


def shown_of(profiles, lists, tests=()):
    train = pairs([(u, i) for u, own in enumerate(profiles) for i in own])
    table = [(u, i, r) for u, own in enumerate(lists) for r, i in enumerate(own, 1)]
    listed = pd.DataFrame(table, columns=["user_id", "item_id", "rank"])
    tested = pairs([(u, i) for u, own in enumerate(tests) for i in own])
    users = pd.Index(range(len(lists)), name="user_id")
    return Shown(listed, K, train, users, tested, shares_of_items(SIDES))


def values_of(name, shown, definition=0):
    table = {**SHOWN, **OF_CATEGORIES}[name]
    return list(table.values())[definition](shown)


def check_users(found, expected):
    assert found.to_dict() == pytest.approx(expected, abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(PROFILES, LISTS)
def test_popularity_and_novelty_of_each_list(profiles, lists):
    shown = shown_of(profiles, lists)
    times = Counter(i for own in profiles for i in own)
    users = Counter(i for own in profiles for i in set(own))

    check_users(
        values_of("popularity", shown),
        {u: sum(times[i] for i in own) / len(own) for u, own in enumerate(lists)},
    )
    check_users(
        values_of("novelty", shown),
        {
            u: sum(-math.log2(max(users[i], 1) / len(profiles)) for i in own) / len(own)
            for u, own in enumerate(lists)
        },
    )


@settings(deadline=None, max_examples=40)
@given(PROFILES, LISTS)
def test_the_long_tail_is_what_is_less_popular_than_the_head(profiles, lists):
    times = Counter(i for own in profiles for i in own)
    ordered = sorted(times.values(), reverse=True)
    head = math.floor(0.2 * len(ordered) + 0.5)
    least = ordered[head - 1] if head else math.inf

    found = values_of("long_tail", shown_of(profiles, lists))

    check_users(
        found, {u: sum(times[i] < least for i in own) / len(own) for u, own in enumerate(lists)}
    )


@settings(deadline=None, max_examples=40)
@given(PROFILES, LISTS)
def test_values_over_all_lists(profiles, lists):
    shown = shown_of(profiles, lists)
    items = {i for own in profiles for i in own} | {i for own in lists for i in own}
    counts = Counter(i for own in lists for i in own)
    exposure = [counts[i] for i in items]
    total = sum(exposure)
    gaps = sum(abs(a - b) for a in exposure for b in exposure)

    assert values_of("gini", shown) == pytest.approx(gaps / (2 * len(items) * total))
    assert values_of("entropy", shown) == pytest.approx(
        -sum(c / total * math.log2(c / total) for c in exposure if c)
    )
    mean_length = total / len(lists)
    overlaps = [len(set(a) & set(b)) / mean_length for a, b in combinations(lists, 2)]
    assert values_of("personalisation", shown) == pytest.approx(1 - np.mean(overlaps))


@settings(deadline=None, max_examples=40)
@given(PROFILES, LISTS)
def test_popularity_lift_compares_lists_with_the_profiles_of_the_same_users(profiles, lists):
    shown = shown_of(profiles, lists)
    times = Counter(i for own in profiles for i in own)
    told = np.mean([np.mean([times[i] for i in own]) for own in lists])
    users = range(min(len(lists), len(profiles)))
    profile = np.mean([np.mean([times[i] for i in profiles[u]]) for u in users])

    assert values_of("popularity_lift", shown) == pytest.approx((told - profile) / profile)


@settings(deadline=None, max_examples=60)
@given(PROFILES, LISTS, LISTS)
def test_serendipity_counts_hits_that_popularity_would_not_list(profiles, lists, tests):
    times = Counter(i for own in profiles for i in own)
    ranked = sorted(times, key=lambda i: (-times[i], i))

    def surprising(user):
        had = set(profiles[user]) if user < len(profiles) else set()
        usual = [i for i in ranked if i not in had][:K]
        tested = set(tests[user]) if user < len(tests) else set()
        # Nobody lists what a user has had; if a list does, it is no most popular new item.
        return len([i for i in lists[user] if i in tested and i not in usual and i not in had])

    fresh = [
        [i for i in own if u >= len(profiles) or i not in profiles[u]]
        for u, own in enumerate(lists)
    ]
    lists = [own or [11] for own in fresh]

    found = values_of("serendipity", shown_of(profiles, lists, tests))

    check_users(found, {u: surprising(u) / K for u in range(len(lists))})


@settings(deadline=None, max_examples=40)
@given(PROFILES, LISTS)
def test_categories_of_each_list(profiles, lists):
    shown = shown_of(profiles, lists)
    names = ("drama", "film", "war")

    def vector(item):
        own = GENRES.get(item, [])
        return np.array([(n in own) / len(own) if own else 0.0 for n in names])

    def cosine(a, b):
        size = np.linalg.norm(a) * np.linalg.norm(b)
        return float(a @ b / size) if size else 0.0

    def diverse(own):
        gaps = [1 - cosine(vector(a), vector(b)) for a, b in combinations(own, 2)]
        return float(np.mean(gaps)) if gaps else 0.0

    def divergence(user, own):
        if user >= len(profiles):
            return 0.0
        p = np.mean([vector(i) for i in profiles[user]], axis=0)
        q = 0.99 * np.mean([vector(i) for i in own], axis=0) + 0.01 * p
        return sum(a * math.log(a / b) for a, b in zip(p, q, strict=True) if a)

    everybody = dict(enumerate(lists))
    check_users(values_of("diversity", shown), {u: diverse(o) for u, o in everybody.items()})
    check_users(
        values_of("calibration", shown), {u: divergence(u, o) for u, o in everybody.items()}
    )
    reached = {u: len({n for i in o for n in GENRES.get(i, [])}) / 3 for u, o in everybody.items()}
    check_users(values_of("category_coverage", shown), reached)


def test_users_without_a_list_count_where_lists_are_counted_and_nowhere_else():
    shown = shown_of([[1, 2, 3, 4], [1], [2]], [[5, 6, 7], [5], []])

    assert values_of("user_coverage", shown).to_dict() == {0: 1.0, 1: 0.0, 2: 0.0}
    assert values_of("user_coverage", shown, 1).to_dict() == {0: 1.0, 1: 1.0, 2: 0.0}
    assert set(values_of("popularity", shown).index) == {0, 1}


def test_what_needs_side_data_has_no_value_without_them():
    shown = Shown(**{**vars(shown_of([[1]], [[2]])), "categories": None})

    assert [values_of(name, shown) for name in OF_CATEGORIES] == [None] * len(OF_CATEGORIES)


def test_nothing_listed_at_all_has_no_inequality():
    shown = shown_of([[1, 2]], [[]])

    assert [values_of(n, shown) for n in ("gini", "entropy", "personalisation")] == [None] * 3


@settings(deadline=None, max_examples=40)
@given(PROFILES, LISTS, st.randoms(use_true_random=False))
def test_the_area_under_the_curve_counts_pairs_of_whole_lists(profiles, tests, random):
    items = sorted({i for own in profiles for i in own})
    lists = [
        random.sample(left, len(left)) for own in profiles if (left := [*set(items) - set(own)])
    ]
    people = [own for own in profiles if set(items) - set(own)]
    hits = [{*(tests[u] if u < len(tests) else ())} for u in range(len(lists))]
    expected = {}
    for u, own in enumerate(lists):
        pairs = [(a, b) for a in own for b in own if a in hits[u] and b not in hits[u]]
        if pairs:
            expected[u] = np.mean([own.index(a) < own.index(b) for a, b in pairs])
    if not lists or {i for own in people for i in own} != set(items):
        return

    check_users(values_of("auc", shown_of(people, lists, hits)), expected)


def test_lists_that_end_before_the_last_candidate_have_no_area():
    assert values_of("auc", shown_of([[1, 2, 3], [1]], [[4], [2]], [[4], [2]])) is None
