"""What is chosen on one half of the pictures is judged on the other."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from planted_maps import BLOCKS, HEADS, TIMES, planted_maps, truth

from fluxlearn.toy.localisation.methods import to_choose_on
from fluxlearn.toy.localisation.report import interval, measure
from fluxlearn.toy.localisation.table import chosen, table
from fluxlearn.toy.localisation.targets import KINDS

EVERY = ("attention, mean", "attention, share", "attention, doubles", "attention, best")


@pytest.fixture(scope="module")
def noise():
    """Maps that know nothing."""
    return planted_maps()


def rows_of(report, method):
    return [row for row in report.rows if row.method == method]


def planted(maps, step, block, head, where):
    """The same maps, with the truth at one place for some words."""
    attention = maps.attention.clone()
    attention[where, step, block, head] = truth(maps)[where]
    return replace(maps, attention=attention)


def test_the_head_that_knows_is_found_and_judged_right(noise):
    report = measure(planted(noise, 1, 2, 0, slice(None)))

    for row in rows_of(report, "attention, best"):
        assert row.place == "single.0 head 0, t = 0.30"
        assert row.pointing == 1.0 and row.other == 0.0 and row.auc > 0.9
    assert report.best() == ("attention, best", 1.0)
    assert all(report.by_head[kind][1, 2, 0] == 1 for kind in KINDS)


def test_a_head_that_knows_only_where_it_is_judged_is_not_chosen(noise):
    even = torch.from_numpy(to_choose_on(noise))
    maps = planted(planted(noise, 0, 0, 0, even), 0, 0, 1, ~even)

    for row in rows_of(measure(maps), "attention, best"):
        assert row.place == "double.0 head 0, t = 0.80"
        assert row.pointing < 0.7


def test_figures_are_of_the_other_half_only(noise):
    even = torch.from_numpy(to_choose_on(noise))
    attention = noise.attention.clone()
    attention[even] = attention[even].flip(0)

    before, after = measure(noise), measure(replace(noise, attention=attention))

    for method in EVERY[:3]:
        pairs = zip(rows_of(before, method), rows_of(after, method), strict=True)
        assert all((a.pointing, a.auc) == (b.pointing, b.auc) for a, b in pairs)


def test_the_mask_is_the_ceiling_and_noise_the_floor(noise):
    report = measure(noise)

    for top, bottom in zip(rows_of(report, "mask"), rows_of(report, "noise"), strict=True):
        assert top.pointing == 1 and top.auc > 0.95 and top.overlap > 0.6
        assert bottom.pointing < 0.45 and 0.3 < bottom.auc < 0.7
        assert bottom.overlap < bottom.chance + 0.1


def test_a_share_takes_away_what_all_words_of_a_place_have_in_common(noise):
    stripes = torch.linspace(1, 50, 8).expand(8, 8)
    attention = truth(noise)[:, None, None, None].expand_as(noise.attention) + 1
    maps = replace(
        noise, attention=attention * stripes, all_words=stripes.expand(len(truth(noise)), 8, 8)
    )

    report = measure(maps)

    assert all(row.pointing == 1 for row in rows_of(report, "attention, share"))
    assert any(row.pointing < 1 for row in rows_of(report, "attention, mean"))


def test_every_method_is_told_for_each_kind_and_number_of_things(noise):
    report = measure(noise)
    methods = dict.fromkeys(row.method for row in report.rows)

    assert [*methods][:4] == [*EVERY]
    assert len(report.rows) == len(methods) * len(KINDS) * 2
    judged = [target for target in noise.targets if target.picture % 2]
    assert sum(row.n for row in rows_of(report, "mask")) == len(judged)


def test_an_interval_over_pictures_is_wider_where_their_words_agree():
    values, pictures = np.repeat([0.0, 1.0] * 50, 4), np.repeat(np.arange(100), 4)

    together, apart = (interval(values, of, 0) for of in (pictures, np.arange(400)))

    # 1.96 · √(¼ / 100) = 0.098, and half of it for four times as many.
    assert together == pytest.approx((0.402, 0.598), abs=0.02)
    assert apart == pytest.approx((0.451, 0.549), abs=0.02)


def test_one_half_alone_is_refused(noise):
    odd = [i for i, target in enumerate(noise.targets) if target.picture % 2]
    maps = replace(
        noise,
        targets=tuple(noise.targets[i] for i in odd),
        attention=noise.attention[odd],
        all_words=noise.all_words[odd],
        concepts=noise.concepts[odd],
    )

    with pytest.raises(ValueError, match="^0 words of size stand.*Look at more pictures"):
        measure(maps)


def test_a_report_is_read_back_as_it_was_written(noise, tmp_path):
    report = measure(noise)

    read = json.loads(report.save(tmp_path / "maps.json").read_text("utf-8"))

    assert len(read["rows"]) == len(report.rows) and read["blocks"] == list(BLOCKS)
    assert read["rows"][0]["pointing"] == report.rows[0].pointing
    assert np.shape(read["by_head"]["colour"]) == (len(TIMES), len(BLOCKS), HEADS)
    assert np.shape(read["by_block"]["shape"]) == (len(TIMES), 2)
    with pytest.raises(FileNotFoundError, match="is not a folder"):
        report.save(tmp_path / "no" / "maps.json")


def test_a_table_has_a_line_a_row_and_tells_what_was_chosen(noise):
    report = measure(noise)

    assert len(table(report.rows).splitlines()) == 2 + len(report.rows)
    assert len(chosen(report.rows)) == 2 * len(KINDS)
    assert chosen(report.rows)[0].startswith("attention, best, size: ")
