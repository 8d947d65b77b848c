"""The demo leaves whole files, and a page that needs nothing else and can be read by everyone."""

from html.parser import HTMLParser

import pytest
from PIL import Image
from stub_pipeline import stub_pipeline

from fluxlearn.demo import run
from fluxlearn.demo.figures import story_steps
from fluxlearn.demo.look import look_inside
from fluxlearn.demo.page import write_page
from fluxlearn.demo.stages import STAGES, stage_of
from fluxlearn.demo.verdict import verdict_on
from fluxlearn.toy.draw import draw
from fluxlearn.toy.scene import Scene, Thing

FILES = [
    "index.html", "picture.png", "storyboard.png", "schedule.png", "modulation.png",
    "residuals.png", "stages.png",
]  # fmt: skip
CIRCLE = "a large red circle on a white background"
VOID = {"meta", "img", "source", "br"}


class Page(HTMLParser):
    """All tags of a page with their attributes; complains about tags that do not nest."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.crossed = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.crossed.append(tag)

    def all(self, *names):
        return [attrs for tag, attrs in self.tags if tag in names]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """One run with the shipped weights: the look and its files."""
    return run.run_demo(out=tmp_path_factory.mktemp("demo") / "new" / "folder", steps=4)


@pytest.fixture(scope="module")
def html(demo):
    return demo[1][0].read_text("utf-8")


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_the_files_exist_and_nothing_else_does(demo):
    _, paths = demo

    assert [path.name for path in paths] == FILES
    assert sorted(path.name for path in paths[0].parent.iterdir()) == sorted(FILES)


def test_the_pictures_are_whole(demo):
    for path in demo[1][1:]:
        with Image.open(path) as image:
            image.load()
            assert max(image.size) >= 500, path.name


def test_every_address_on_the_page_is_inside_it_or_a_paper(page):
    for attrs in page.all("img", "source"):
        assert (attrs.get("src") or attrs["srcset"]).startswith("data:image/png;base64,")
    for attrs in page.all("a"):
        assert attrs["href"].startswith("https://arxiv.org/abs/")


def test_the_page_fetches_nothing_and_runs_nothing(page, html):
    (policy,) = [m["content"] for m in page.all("meta") if "http-equiv" in m]

    assert policy.startswith("default-src 'none'")
    assert not page.all("script", "link", "iframe", "object", "base")
    assert "url(" not in html
    assert "@import" not in html


def test_every_picture_on_the_page_can_be_told(page):
    pictures = page.all("img")

    assert len(pictures) >= 8
    assert all(len(picture["alt"]) > 20 for picture in pictures)


def test_the_tags_of_the_page_nest(page):
    assert page.crossed == []
    assert page.open == []


def test_every_figure_that_follows_the_theme_has_a_dark_twin(page):
    dark = [attrs for attrs in page.all("source") if "dark" in attrs["media"]]

    assert len(dark) == len(page.all("picture")) == 3


def test_the_page_has_a_row_for_every_stage_in_order(page, html):
    places = [html.index(f'<th scope="row">{stage.name}<small>') for stage in STAGES]

    assert places == sorted(places)
    assert len(page.all("tr")) == len(STAGES) + 2


def test_a_prompt_is_text_on_the_page_whatever_it_holds():
    look = look_inside(stub_pipeline(), "<b>$5 & more</b>", seed=0, steps=2)

    html = write_page(look)

    assert "<b>$5" not in html
    assert "&lt;b&gt;$5 &amp; more" in html


def test_every_stage_was_measured_with_its_shapes(demo):
    look, _ = demo

    for timing in look.timings:
        assert timing.seconds > 0, timing.stage.name
        assert len(timing.shapes) == len(timing.stage.shows), timing.stage.name
        for shape in timing.shapes:
            assert len(shape.words) == len(shape.sizes)


def test_a_block_runs_once_a_step(demo):
    look, _ = demo
    runs = {timing.stage.name: timing.runs for timing in look.timings}

    assert runs["Double blocks"] == 4 * look.pipe.flux.config.depth
    assert runs["Decoder"] == 1


def test_every_point_of_a_painting_belongs_to_a_stage():
    outside = [point.name for point in stub_pipeline().points() if stage_of(point.name) is None]

    assert all(name.startswith(("encoder.", "ae.")) for name in outside)


def test_the_recorded_picture_is_the_painted_picture(demo):
    look, _ = demo

    again = look.pipe.paint(look.prompt, seed=0, steps=4)

    assert (again.pixels == look.picture.pixels).all()


def test_the_arrays_have_a_row_for_every_branch_and_a_column_for_every_depth(demo):
    look, _ = demo
    config = look.pipe.flux.config

    assert len(look.branches) == 4 * config.depth + config.depth_single_blocks + 1
    assert look.modulation["gate"].shape == (len(look.branches), 4)
    assert look.img.shape == look.txt.shape == (4, 1 + config.depth + config.depth_single_blocks)


def test_a_storyboard_begins_with_the_first_step_and_ends_with_the_last(demo):
    assert story_steps(demo[0]) == [0, 1, 2, 3]


def test_a_true_picture_meets_every_clause():
    thing = Thing(shape="circle", colour="red", half_width=26.0, x=64.0, y=64.0)

    verdict = verdict_on(draw(Scene(background="white", things=(thing,))), CIRCLE)

    assert all(verdict.clauses.values())
    assert verdict.sees == "a large red circle on white"


def test_a_picture_of_something_else_fails_the_clauses_that_it_breaks():
    thing = Thing(shape="circle", colour="blue", half_width=26.0, x=64.0, y=64.0)

    verdict = verdict_on(draw(Scene(background="white", things=(thing,))), CIRCLE)

    assert verdict.clauses["the right shapes"]
    assert not verdict.clauses["the right colours"]


def test_a_prompt_outside_the_toy_world_gets_no_verdict_but_a_reason():
    thing = Thing(shape="circle", colour="red", half_width=26.0, x=64.0, y=64.0)

    verdict = verdict_on(draw(Scene(background="white", things=(thing,))), "a cat")

    assert verdict.clauses == {}
    assert "cat" in verdict.line


def test_a_folder_that_cannot_be_made_is_refused_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "load", lambda name: pytest.fail("worked first"))
    (tmp_path / "file").write_text("here")

    with pytest.raises(NotADirectoryError, match="is a file"):
        run.run_demo(out=tmp_path / "file" / "demo")

    monkeypatch.setattr(run.os, "access", lambda *_: False)
    with pytest.raises(PermissionError, match="Choose another folder"):
        run.run_demo(out=tmp_path / "demo")


def test_a_demo_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "load", lambda name: stub_pipeline())
    monkeypatch.setattr(run, "write_page", lambda look: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        run.run_demo(CIRCLE, tmp_path / "demo", steps=1)

    assert list(tmp_path.iterdir()) == []
