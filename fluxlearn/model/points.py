"""The table of taps in the transformer: every named value, in order of execution.

Rows of a block are written once, without the block's path and, inside a double block, without the
stream. Reading the table from top to bottom is reading the forward pass.
"""

from dataclasses import replace

from fluxlearn.config import FluxConfig
from fluxlearn.trace.point import Point

# fmt: off
SETTING = (
    Point("in.txt", "batch txt context", "T5(prompt)",
          "text tokens as T5 left them", "the padding tokens: they are not masked"),
    Point("embed.txt", "batch txt dim", "txt_in(in.txt)",
          "text tokens at the width of the model", "edit here to change the prompt inside the model"),
    Point("in.clip", "batch vec", "CLIP(prompt), pooled",
          "one vector for the whole prompt", "similar prompts have similar vectors"),
    Point("embed.clip", "batch dim", "vector_in(in.clip)",
          "the pooled text at the width of the model", "its size beside embed.t in vec"),
    Point("in.guidance", "batch", "g",
          "the guidance scale, as given", "3.5, not 3500: the factor 1000 comes in embed.g_freq"),
    Point("embed.g_freq", "batch freq", "[cos(1000 g·freq), sin(1000 g·freq)]",
          "guidance on many clocks", "fast clocks first"),
    Point("embed.g", "batch dim", "guidance_in(embed.g_freq)",
          "guidance at the width of the model", "how little it changes between 2 and 5"),
    Point("in.txt_ids", "batch txt axis", "0",
          "positions of the text tokens", "all at (0, 0, 0)"),
    Point("in.img_ids", "batch img axis", "(reference, row, column)",
          "positions of the image tokens", "axis 0 is 1 for Kontext's reference"),
    Point("pe.ids", "batch seq axis", "txt_ids ++ img_ids",
          "positions of the joint sequence", "text first"),
    Point("pe", "batch 1 seq pair 2 2", "[[cos p·ω, −sin p·ω], [sin p·ω, cos p·ω]]",
          "one rotation for each position and plane", "identity for text; slow planes hardly turn"),
)

START = (
    Point("in.img", "batch img patch", "patchify(xₜ)",
          "noised image tokens", "neighbouring tokens look alike as t falls"),
    Point("embed.img", "batch img dim", "img_in(in.img)",
          "image tokens at the width of the model", "where the image stream starts"),
    Point("in.t", "batch", "t",
          "the time: 1 is noise, 0 is the image", "the schedule, one value a step"),
    Point("embed.t_freq", "batch freq", "[cos(1000 t·freq), sin(1000 t·freq)]",
          "time on many clocks", "slow clocks tell early from late, fast ones neighbouring steps"),
    Point("embed.t", "batch dim", "time_in(embed.t_freq)",
          "time at the width of the model", "how it turns from step to step"),
    Point("vec", "batch dim", "embed.t + embed.g + embed.clip",
          "all that modulates: when, how strongly, roughly what", "its similarity over time"),
)

_MODULATION = {
    "shift": ("β", "moves the normalised stream", "a constant added to all tokens"),
    "scale": ("γ", "stretches the normalised stream by 1 + γ", "γ = 0 leaves it alone"),
    "gate": ("α", "how much of the branch is added to the stream", "near 0: the branch is off"),
}

_STREAM_IN = (
    Point("resid_pre", "batch {n} dim", "x", "the stream as it enters the block", "its norm by depth"),
    Point("norm1", "batch {n} dim", "norm(x)", "the stream with mean 0 and variance 1 a token", "what is left when size is taken out"),
    Point("attn_in", "batch {n} dim", "(1 + γ₁)·norm1 + β₁", "what attention reads", "channels that modulation switches off"),
    Point("q_raw", "batch head {n} head_dim", "heads(W_q·attn_in)", "queries before QK norm", "their size, which the norm removes"),
    Point("k_raw", "batch head {n} head_dim", "heads(W_k·attn_in)", "keys before QK norm", "a few huge channels"),
    Point("q", "batch head {n} head_dim", "scale·q_raw / rms(q_raw)", "queries before rotation", "unit size times a learned scale"),
    Point("k", "batch head {n} head_dim", "scale·k_raw / rms(k_raw)", "keys before rotation", "unit size times a learned scale"),
    Point("v", "batch head {n} head_dim", "heads(W_v·attn_in)", "values: what a token gives", "small values mark attention sinks"),
)

_JOINT = (
    Point("attn.q", "batch head seq head_dim", "R·(txt.q ++ img.q)", "rotated queries of both streams", "text first"),
    Point("attn.k", "batch head seq head_dim", "R·(txt.k ++ img.k)", "rotated keys of both streams", "text first"),
    Point("attn.v", "batch head seq head_dim", "txt.v ++ img.v", "values of both streams", "not rotated"),
    Point("attn.mask", "", "None", "added to the scores if an edit supplies it", "knock out attention between regions"),
    Point("attn.z", "batch head seq head_dim", "softmax(q·kᵀ/√d + mask)·v", "what each head gathered", "heads that gather nothing"),
)

_STREAM_OUT = (
    Point("z", "batch {n} dim", "heads of attn.z side by side", "what attention gathered, before projection", "the space of ConceptAttention"),
    Point("attn_out", "batch {n} dim", "proj(z)", "attention's output", "its size beside mlp_out"),
    Point("attn_write", "batch {n} dim", "α₁·attn_out", "what attention adds to the stream", "an exact part of the velocity"),
    Point("resid_mid", "batch {n} dim", "resid_pre + attn_write", "the stream between attention and MLP", "what attention changed"),
    Point("norm2", "batch {n} dim", "norm(resid_mid)", "the stream with mean 0 and variance 1 a token", "what is left when size is taken out"),
    Point("mlp_in", "batch {n} dim", "(1 + γ₂)·norm2 + β₂", "what the MLP reads", "channels that modulation switches off"),
    Point("mlp_pre", "batch {n} hidden", "W₁·mlp_in", "MLP before GELU", "how many are positive"),
    Point("mlp_act", "batch {n} hidden", "gelu(mlp_pre)", "MLP neurons", "few are large at a time"),
    Point("mlp_out", "batch {n} dim", "W₂·mlp_act", "the MLP's output", "its size beside attn_out"),
    Point("mlp_write", "batch {n} dim", "α₂·mlp_out", "what the MLP adds to the stream", "an exact part of the velocity"),
    Point("resid_post", "batch {n} dim", "resid_mid + mlp_write", "the stream as it leaves the block", "the next block's resid_pre"),
)

_SINGLE = (
    Point("resid_pre", "batch seq dim", "x", "the joint stream as it enters the block", "text and image differ in size"),
    Point("norm", "batch seq dim", "norm(x)", "the stream with mean 0 and variance 1 a token", "what is left when size is taken out"),
    Point("x_mod", "batch seq dim", "(1 + γ)·norm + β", "what attention and MLP read, both at once", "channels that modulation switches off"),
    Point("q_raw", "batch head seq head_dim", "heads(W_q·x_mod)", "queries before QK norm", "their size, which the norm removes"),
    Point("k_raw", "batch head seq head_dim", "heads(W_k·x_mod)", "keys before QK norm", "a few huge channels"),
    Point("q", "batch head seq head_dim", "scale·q_raw / rms(q_raw)", "queries before rotation", "unit size times a learned scale"),
    Point("k", "batch head seq head_dim", "scale·k_raw / rms(k_raw)", "keys before rotation", "unit size times a learned scale"),
    Point("v", "batch head seq head_dim", "heads(W_v·x_mod)", "values: what a token gives", "small values mark attention sinks"),
    Point("attn.q", "batch head seq head_dim", "R·q", "rotated queries", "text first"),
    Point("attn.k", "batch head seq head_dim", "R·k", "rotated keys", "text first"),
    Point("attn.v", "batch head seq head_dim", "v", "values as attention takes them", "not rotated"),
    Point("attn.mask", "", "None", "added to the scores if an edit supplies it", "knock out attention between regions"),
    Point("attn.z", "batch head seq head_dim", "softmax(q·kᵀ/√d + mask)·v", "what each head gathered", "heads that gather nothing"),
    Point("z", "batch seq dim", "heads of attn.z side by side", "what attention gathered", "the first part of cat"),
    Point("mlp_pre", "batch seq hidden", "W₁·x_mod", "MLP before GELU", "how many are positive"),
    Point("mlp_act", "batch seq hidden", "gelu(mlp_pre)", "MLP neurons", "few are large at a time"),
    Point("cat", "batch seq _", "z ++ mlp_act", "what linear2 reads: dim + hidden channels", "two parts, one projection"),
    Point("out", "batch seq dim", "linear2(cat)", "attention's and the MLP's output in one", "splits exactly into two sums"),
    Point("write", "batch seq dim", "α·out", "what the block adds to the stream", "an exact part of the velocity"),
    Point("resid_post", "batch seq dim", "resid_pre + write", "the stream as it leaves the block", "the next block's resid_pre"),
)

_STREAM = Point("stream", "batch seq dim", "txt ++ img", "the two streams as one", "what the single blocks start from")

_FINAL = (
    Point("shift", "batch 1 dim", "β", "moves the normalised stream a last time", "strongest near t = 0"),
    Point("scale", "batch 1 dim", "γ", "stretches the normalised stream by 1 + γ", "strongest near t = 0"),
    Point("resid", "batch img dim", "x without the text tokens", "the sum of all that was written", "embed.img plus every write"),
    Point("norm", "batch img dim", "norm(final.resid)", "the stream with mean 0 and variance 1 a token", "what is left when size is taken out"),
    Point("mod", "batch img dim", "(1 + γ)·final.norm + β", "what the last projection reads", "the last place to steer"),
)
VELOCITY = Point("out.velocity", "batch img patch", "linear(final.mod)", "the velocity ε − x₀ of every token", "a noisy picture of what is to change")
_BYPASS = Point("bypass", "", "False", "whether the block is skipped: its input becomes its output", "vital blocks: the picture falls apart")
# fmt: on

_GUIDANCE = ("in.guidance", "embed.g_freq", "embed.g")


def flux_points(config: FluxConfig) -> tuple[Point, ...]:
    """Every point of a model with this config, in order of execution."""
    setting = [p for p in SETTING if config.guidance_embed or p.name not in _GUIDANCE]
    doubles = [p for i in range(config.depth) for p in double_points(f"double.{i}")]
    singles = [p for i in range(config.depth_single_blocks) for p in single_points(f"single.{i}")]
    return (*setting, *START, *doubles, _STREAM, *singles, *last_layer_points("final"), VELOCITY)


def double_points(path: str) -> tuple[Point, ...]:
    """The points of a double-stream block that sits at this path."""
    streams = ("img", "txt")
    rows = (
        _BYPASS,
        *(p for s in streams for n in ("1", "2") for p in _modulation(f"{s}.mod", n)),
        *(_of_stream(p, s) for s in streams for p in _STREAM_IN),
        *_JOINT,
        *(_of_stream(p, s) for s in streams for p in _STREAM_OUT),
    )
    return _at(path, rows)


def single_points(path: str) -> tuple[Point, ...]:
    """The points of a single-stream block that sits at this path."""
    return _at(path, (_BYPASS, *_modulation("mod", ""), *_SINGLE))


def last_layer_points(path: str) -> tuple[Point, ...]:
    """The points of the last layer; its result is the model's `out.velocity`."""
    return _at(path, _FINAL)


def _at(path: str, rows: tuple[Point, ...]) -> tuple[Point, ...]:
    return tuple(replace(p, name=f"{path}.{p.name}") for p in rows) if path else rows


def _modulation(prefix: str, number: str) -> tuple[Point, ...]:
    return tuple(
        Point(
            f"{prefix}.{part}{number}", "batch 1 dim", f"{symbol} from lin(silu(vec))", what, look
        )
        for part, (symbol, what, look) in _MODULATION.items()
    )


def _of_stream(point: Point, stream: str) -> Point:
    shape = point.shape.replace("{n}", stream)
    return replace(point, name=f"{stream}.{point.name}", shape=shape)
