"""The ONNX file says what the model says: names, shapes, weights, and the numbers themselves."""

from dataclasses import replace

import pytest
import torch
from tiny_models import FLUX, tiny_flux, tiny_inputs, tiny_pipeline

from fluxlearn.export import onnx as ours
from fluxlearn.export.inputs import LENGTHS, axis_sizes
from fluxlearn.export.onnx import export_onnx
from fluxlearn.model.flux import Flux
from fluxlearn.trace.find import UnknownPointError
from fluxlearn.trace.record import record
from fluxlearn.trace.tap import watched

onnx = pytest.importorskip("onnx", reason="reads what was exported")

SMALL = replace(FLUX, depth=1, depth_single_blocks=1)  # one block of each kind: all points
TOLERANCE = 1e-5  # the file turns by matrices and sums in another order than eager torch

exporting = pytest.mark.compile


@pytest.fixture(scope="module")
def flux():
    torch.manual_seed(0)
    return tiny_flux(SMALL)


@pytest.fixture(scope="module")
def exported(flux, tmp_path_factory):
    """A model's file, and the program it was written from: traced once for all tests."""
    programs, trace = [], ours._traced

    def keep(*arguments):
        programs.append(trace(*arguments))
        return programs[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ours, "_traced", keep)
        file = export_onnx(flux, tmp_path_factory.mktemp("onnx") / "flux.onnx", outputs="vec")
    return file, programs[0]


@pytest.fixture(scope="module")
def file(exported):
    return exported[0]


@pytest.fixture(scope="module")
def proto(file):
    return onnx.load(file)


def valued(flux):
    """The points that are tensors, and so have a value in the file."""
    return [point for point in flux.points() if point.shape]


def values(proto):
    """Every value of the file that has a name and a shape, with its axes."""
    graph = proto.graph
    return {
        value.name: [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim]
        for value in (*graph.input, *graph.value_info, *graph.output)
    }


def run(proto, inputs):
    """All outputs of a file, by name."""
    runtime = pytest.importorskip("onnxruntime", reason="runs what was exported")
    session = runtime.InferenceSession(
        proto.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    results = session.run(None, {name: x.numpy() for name, x in inputs.items()})
    names = [output.name for output in session.get_outputs()]
    return {name: torch.from_numpy(x) for name, x in zip(names, results, strict=True)}


def with_all_points_as_outputs(proto, flux):
    """The same file, in which every point is asked for."""
    asking = onnx.ModelProto()
    asking.CopyFrom(proto)
    known = {value.name: value for value in proto.graph.value_info}
    asking.graph.output.extend(known[p.name] for p in valued(flux) if p.name in known)
    return asking


@exporting
def test_every_value_that_a_point_names_carries_its_name_and_shape(flux, proto):
    sizes = axis_sizes(flux.config, batch=1, img=1, txt=1)
    sizes["_"] = flux.config.hidden_size + flux.config.mlp_hidden  # single.*.cat
    changing = {*LENGTHS, "seq"}

    for point in valued(flux):
        words = point.shape.split()
        expected = [w if w in changing else sizes[w] if w in sizes else int(w) for w in words]
        assert values(proto)[point.name] == expected, point.name


@exporting
def test_the_checker_finds_nothing_wrong(file):
    onnx.checker.check_model(str(file), full_check=True)


@exporting
@pytest.mark.parametrize(("batch", "grid", "txt"), [(2, (2, 3), 5), (1, (1, 4), 7), (3, (5, 5), 1)])
def test_every_value_is_eager_torchs_for_any_batch_and_lengths(flux, proto, batch, grid, txt):
    inputs = tiny_inputs(SMALL, batch, grid, txt)
    with record(flux, [point.name for point in valued(flux)]) as seen:
        flux(**inputs)

    computed = run(with_all_points_as_outputs(proto, flux), inputs)

    assert set(computed) == set(seen)
    for name, value in computed.items():
        torch.testing.assert_close(value, seen[name], atol=TOLERANCE, rtol=0, msg=name)


@exporting
def test_inputs_are_the_arguments_of_forward_and_outputs_the_velocity_and_what_was_asked(proto):
    inputs = [value.name for value in proto.graph.input]

    assert inputs == ["img", "img_ids", "txt", "txt_ids", "timesteps", "y", "guidance"]
    assert [value.name for value in proto.graph.output] == ["vec", "out.velocity"]


@exporting
def test_a_second_name_of_a_value_is_read_by_what_comes_after_it(flux, proto):
    read = {name for node in proto.graph.node for name in node.input}

    unread = {point.name for point in valued(flux)} - read
    assert unread == {"out.velocity"}


@exporting
def test_weights_keep_their_keys_and_values(flux, proto):
    stored = {w.name: torch.tensor(onnx.numpy_helper.to_array(w)) for w in proto.graph.initializer}

    for key, weight in flux.state_dict().items():
        same = stored[key] if key in stored else stored[f"{key}.T"].T
        assert torch.equal(same, weight), key


@exporting
def test_a_node_tells_its_module_and_what_its_point_means(proto):
    nodes = {node.output[0]: node for node in proto.graph.node}
    node = nodes["double.0.img.mlp_act"]

    assert node.doc_string == "double.0.img.mlp_act = gelu(mlp_pre): MLP neurons"
    assert {p.key: p.value for p in node.metadata_props} == {"module": "double_blocks.0.img_mlp.1"}


@exporting
def test_the_file_names_no_place_on_the_machine_that_made_it(file):
    assert str(ours.__file__).encode() not in file.read_bytes()
    assert b"stack_trace" not in file.read_bytes()


@exporting
def test_weights_can_lie_beside_the_file(flux, exported, tmp_path, monkeypatch):
    monkeypatch.setattr(ours, "_traced", lambda *_: exported[1])

    file = export_onnx(flux, tmp_path / "a.onnx", external=True)

    assert {path.name for path in tmp_path.iterdir()} == {"a.onnx", "a.onnx.data"}
    weights = 4 * sum(weight.numel() for weight in flux.parameters())
    assert (tmp_path / "a.onnx.data").stat().st_size > 0.9 * weights
    onnx.checker.check_model(str(file), full_check=True)


@exporting
def test_a_failed_export_leaves_what_was_there_and_nothing_hooked(tmp_path, monkeypatch, flux):
    def fail(*_, **__):
        raise RuntimeError("no space left")

    (tmp_path / "flux.onnx").write_text("an older file")
    monkeypatch.setattr(torch.onnx, "export", fail)

    with pytest.raises(RuntimeError, match="no space"):
        export_onnx(flux, tmp_path / "flux.onnx")

    assert [path.read_text() for path in tmp_path.iterdir()] == ["an older file"]
    assert not watched()


def test_weights_above_2_gb_are_written_beside_the_file(flux, monkeypatch):
    assert ours._external(flux, None) is False

    monkeypatch.setattr(ours, "MOST_INSIDE", 1000)

    assert ours._external(flux, None) is True
    with pytest.raises(ValueError, match="do not fit into an ONNX file"):
        ours._external(flux, False)


MISTAKES = {
    "a misspelt point": ({"outputs": "double.0.img.qq"}, UnknownPointError, "Did you mean"),
    "a flag": ({"outputs": "double.0.bypass"}, UnknownPointError, "is no point"),
    "another ending": ({"path": "flux.pt"}, ValueError, "but .onnx is expected"),
    "a missing folder": ({"path": "no/where.onnx"}, FileNotFoundError, "is not a folder"),
    "a pipeline": ({"flux": tiny_pipeline}, TypeError, "pass pipe.flux"),
    "no weights": ({"flux": lambda: Flux(SMALL).to("meta")}, ValueError, "Load some"),
}


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_before_any_work(mistake, flux, tmp_path, monkeypatch):
    given, error, words = MISTAKES[mistake]
    monkeypatch.setattr(torch.onnx, "export", lambda *_, **__: pytest.fail("too late"))
    model = given.get("flux", lambda: flux)()

    with pytest.raises(error, match=words):
        export_onnx(model, tmp_path / given.get("path", "a.onnx"), outputs=given.get("outputs", ()))

    assert list(tmp_path.iterdir()) == []
