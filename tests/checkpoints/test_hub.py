"""Loading from a hub: a whole model, its first blocks by ranges, and all that goes wrong."""

from dataclasses import replace
from importlib import import_module

import pytest
import torch
from huggingface_hub import constants
from huggingface_hub.utils import close_session
from tiny_files import PUBLISHED, bfl_file, own_file, published_autoencoder, published_flux
from tiny_hub import COMMIT, REPO, TinyHub
from tiny_models import tiny_conditioning

from fluxlearn.checkpoints import ranges
from fluxlearn.checkpoints.checkpoint import open_checkpoint
from fluxlearn.checkpoints.hub import fetch, fetch_blocks
from fluxlearn.config import RELEASES

# `fluxlearn.load` is the function; its module has to be asked for by name.
LOAD = import_module("fluxlearn.load")
FILE = "flux1-tiny.safetensors"
BLOCKS = (1, 1)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The repository's files, and the model in them."""
    torch.manual_seed(0)
    folder, flux = tmp_path_factory.mktemp("published"), published_flux()
    bfl_file(folder / FILE, flux, torch.bfloat16)
    own_file(folder / "ae.safetensors", published_autoencoder())
    return {path.name: path.read_bytes() for path in folder.iterdir()}, flux


@pytest.fixture
def hub(published, tmp_path, monkeypatch):
    """A hub, and a computer that has never asked it for anything."""
    monkeypatch.setattr(ranges, "PAUSES", (0.0,) * 4)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path / "assets"))
    release = replace(RELEASES["flux-dev"], config=PUBLISHED, repo=REPO, file=FILE, steps=7)
    monkeypatch.setitem(RELEASES, "flux-tiny", release)
    close_session()
    with TinyHub() as server:
        server.files = dict(published[0])
        template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield server
        close_session()


def first_blocks():
    return fetch_blocks(REPO, FILE, BLOCKS)


def leftovers(tmp_path):
    """Files of weights, whole or not; a lock is empty."""
    return [path for path in tmp_path.rglob("*.safetensors*") if path.stat().st_size]


def test_a_published_model_is_loaded_by_its_name(hub, published):
    pipe = LOAD.load("tiny", text=False)

    weights = published[1].state_dict()
    assert pipe.defaults.name == "flux-tiny" and pipe.defaults.steps == 7
    assert all(torch.equal(t.float(), weights[k]) for k, t in pipe.flux.state_dict().items())
    assert pipe.flux.img_in.weight.dtype == torch.bfloat16
    assert pipe.autoencoder.encoder.conv_in.weight.dtype == torch.float32


def test_a_model_of_its_first_blocks_runs_and_the_whole_is_never_fetched(hub, tmp_path):
    pipe = LOAD.load("flux-tiny", depth=1, depth_single_blocks=1, text=False)

    picture = pipe.paint(tiny_conditioning(PUBLISHED), steps=1, height=32, width=32)
    assert torch.isfinite(picture.pixels).all()
    assert not list(tmp_path.rglob(f"snapshots/*/{FILE}"))


def test_only_the_bytes_of_the_first_blocks_travel(hub, published):
    file = first_blocks()

    whole = len(published[0][FILE])
    header = int.from_bytes(published[0][FILE][:8], "little")
    assert hub.sent < file.stat().st_size + header + 1000 < 0.7 * whole


def test_neighbours_are_asked_for_together(hub):
    first_blocks()

    # The length, the header, and a few runs of the 50 tensors.
    assert 3 <= len(hub.asked) <= 12


def test_what_is_here_is_not_fetched_again(hub):
    file = first_blocks()
    hub.asked.clear()

    assert first_blocks() == file
    assert not hub.asked


@pytest.mark.parametrize("drops", [[3], [8, 100], [8, 10**6, 1000, 50_000], [8, 10**6, 1, 0, 0, 2]])
def test_lost_connections_are_taken_up_where_they_broke_off(drops, hub, tmp_path):
    expected = first_blocks().read_bytes()
    first_blocks().unlink()
    hub.asked.clear()
    hub.drops = drops

    assert first_blocks().read_bytes() == expected
    header = int.from_bytes(hub.files[FILE][:8], "little")
    assert hub.sent < len(expected) + header + 1000


def test_an_interrupted_download_goes_on_in_the_next_call(hub, published, tmp_path):
    hub.drops = [8, 10**6, 200_000, 0, 0, 0, 0, 0]
    with pytest.raises(ConnectionError, match="call again and the download goes on"):
        first_blocks()
    assert not list(tmp_path.rglob(f"first-*/{FILE}"))
    first = hub.sent
    hub.asked.clear()

    file = first_blocks()

    header = int.from_bytes(hub.files[FILE][:8], "little")
    assert first + hub.sent < file.stat().st_size + 2 * header + 1000
    weights = published[1].state_dict()
    assert all(torch.equal(t.float(), weights[k]) for k, t in open_checkpoint(file).items())


def test_bytes_of_two_versions_are_never_joined(hub):
    hub.drops = [8, 10**6, 200_000, 0, 0, 0, 0, 0]
    with pytest.raises(ConnectionError):
        first_blocks()
    hub.version, hub.asked = "two", []

    file = first_blocks()

    assert hub.sent > file.stat().st_size - 2000


@pytest.mark.parametrize(
    ("mishap", "words"),
    [({"knows_ranges": False}, "it answered 200"), ({"misstated": 1}, "instead of 206 bytes 0-7")],
)
def test_an_answer_that_is_not_what_was_asked_for_is_refused(mishap, words, hub, tmp_path):
    for name, value in mishap.items():
        setattr(hub, name, value)

    with pytest.raises(ConnectionError, match=words):
        first_blocks()
    assert not leftovers(tmp_path)
    assert len(hub.asked) == 1


def test_a_damaged_header_is_refused_before_anything_else_is_fetched(hub, tmp_path):
    damaged = bytearray(hub.files[FILE])
    damaged[10] ^= 0xFF
    hub.files[FILE] = bytes(damaged)

    with pytest.raises(ValueError, match=f"{REPO}/{FILE} is not a whole safetensors file"):
        first_blocks()
    assert len(hub.asked) == 2 and not leftovers(tmp_path)


@pytest.mark.parametrize("call", [first_blocks, lambda: fetch(REPO, (FILE,))], ids=["part", "all"])
@pytest.mark.parametrize("refusal", [(403, "GatedRepo"), (401, "GatedRepo"), (401, "RepoNotFound")])
def test_a_closed_model_gives_the_page_and_the_variable(call, refusal, hub):
    hub.refusal = refusal

    with pytest.raises(PermissionError) as caught:
        call()
    for words in (f"{hub.url}/{REPO}", "HF_TOKEN", "agree to the licence"):
        assert words in str(caught.value)


@pytest.mark.parametrize("blocks", [(1, 1), (None, None)])
def test_an_unknown_revision_is_named(blocks, hub):
    with pytest.raises(ValueError, match="revision is 'v9', but .* has none of that name"):
        LOAD._flow_model("tiny", "v9", blocks)


def test_a_commit_pins_what_is_loaded(hub):
    pipe = LOAD.load("tiny", revision=COMMIT, text=False)

    assert pipe.flux.config == PUBLISHED
    assert {COMMIT in asked.path for asked in hub.asked} == {True}


@pytest.mark.parametrize("call", [first_blocks, lambda: fetch(REPO, (FILE,))], ids=["part", "all"])
def test_offline_what_is_here_is_used_and_what_is_not_is_named(call, hub, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(FileNotFoundError, match="HF_HUB_OFFLINE forbids"):
        call()

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    fetched = call()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)

    assert call() == fetched


@pytest.mark.parametrize("call", [first_blocks, lambda: fetch(REPO, (FILE,))], ids=["part", "all"])
def test_a_hub_that_cannot_be_reached_is_named(call, hub, monkeypatch):
    template = "http://127.0.0.1:9/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)

    with pytest.raises(ConnectionError, match="cannot be reached"):
        call()


def test_the_token_is_not_shown_to_a_storage_server_elsewhere(hub):
    first_blocks().unlink()
    assert {asked.token for asked in hub.asked} == {"Bearer hf_secret"}
    hub.storage, hub.asked = hub.url.replace("127.0.0.1", "localhost"), []

    first_blocks()

    assert {asked.token for asked in hub.asked} == {None}


def test_the_file_of_another_variant_is_refused_under_this_name(hub, monkeypatch):
    release = replace(RELEASES["flux-tiny"], config=replace(PUBLISHED, guidance_embed=False))
    monkeypatch.setitem(RELEASES, "flux-tiny", release)

    with pytest.raises(ValueError, match="guidance_embed is True instead of False"):
        LOAD.load("tiny", text=False)


def test_more_blocks_than_there_are_are_refused_before_they_are_fetched(hub, tmp_path):
    with pytest.raises(ValueError, match="depth is 9, but .* has 2 such blocks"):
        LOAD.load("tiny", depth=9, text=False)
    assert not leftovers(tmp_path)
