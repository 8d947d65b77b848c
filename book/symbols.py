"""What every value and every weight of FLUX.1 is called, by four programs.

A value is a row here; its shape and equation come from the tables of points. A weight's names come
from the tables that convert checkpoints; here stands only which point it makes. Chapters are the
numbers of the notebooks.

Source: BFL flux/sampling.py, flux/model.py, flux/modules/layers.py; diffusers
transformer_flux.py, pipeline_flux.py; kohya-ss/sd-scripts flux_train_network.py, whose
library/flux_models.py is BFL's network under BFL's names.
"""

from typing import NamedTuple

from fluxlearn.sampling.schedule import LARGE, SMALL


class Value(NamedTuple):
    """One value, by its names."""

    symbol: str
    point: str  # ours
    bfl: str
    diffusers: str
    kohya: str
    chapter: str


class Weight(NamedTuple):
    """Which point a layer helps to make."""

    layer: str  # BFL's name and ours
    point: str
    chapter: str


class Number(NamedTuple):
    """A number that is no tensor inside the model, so that no point shows it."""

    symbol: str
    ours: str  # where it is computed
    bfl: str
    diffusers: str
    kohya: str
    equation: str
    chapter: str


# fmt: off
VALUES = (
    Value("txt",    "in.txt",       "txt",         "encoder_hidden_states", "t5_out",         "03"),
    Value("y",      "in.clip",      "y",           "pooled_projections",    "l_pooled",       "03"),
    Value("x₀",     "ae.latent",    "img",         "latents",               "latents",        "04"),
    Value("ε",      "in.latent",    "get_noise",   "latents",               "noise",          "01"),
    Value("x_t",    "in.img",       "img",         "hidden_states",         "packed_noisy_model_input", "05"),
    Value("ids",    "in.img_ids",   "img_ids",     "img_ids",               "img_ids",        "05"),
    Value("ids",    "in.txt_ids",   "txt_ids",     "txt_ids",               "txt_ids",        "05"),
    Value("t",      "in.t",         "timesteps",   "timestep",              "timesteps",      "06"),
    Value("g",      "in.guidance",  "guidance",    "guidance",              "guidance_vec",   "06"),
    Value("emb",    "embed.t_freq", "timestep_embedding", "time_text_embed", "timestep_embedding", "06"),
    Value("vec",    "vec",          "vec",         "temb",                  "vec",            "06"),
    Value("R",      "pe",           "pe",          "image_rotary_emb",      "pe",             "07"),
    Value("β₁",     "double.*.img.mod.shift1", "img_mod1.shift", "shift_msa",   "img_mod1.shift", "08"),
    Value("γ₁",     "double.*.img.mod.scale1", "img_mod1.scale", "scale_msa",   "img_mod1.scale", "08"),
    Value("α₁",     "double.*.img.mod.gate1",  "img_mod1.gate",  "gate_msa", "img_mod1.gate", "08"),
    Value("β₂",     "double.*.img.mod.shift2", "img_mod2.shift", "shift_mlp", "img_mod2.shift", "08"),
    Value("γ₂",     "double.*.img.mod.scale2", "img_mod2.scale", "scale_mlp", "img_mod2.scale", "08"),
    Value("α₂",     "double.*.img.mod.gate2",  "img_mod2.gate",  "gate_mlp", "img_mod2.gate", "08"),
    Value("q",      "double.*.img.q", "img_q",     "query",                 "img_q",          "09"),
    Value("k",      "double.*.img.k", "img_k",     "key",                   "img_k",          "09"),
    Value("v",      "double.*.img.v", "img_v",     "value",                 "img_v",          "09"),
    Value("q",      "double.*.txt.q", "txt_q",     "encoder_query",         "txt_q",          "09"),
    Value("z",      "double.*.attn.z", "attn",     "attn_output",           "attn",           "09"),
    Value("img",    "double.*.img.resid_post", "img", "hidden_states",      "img",            "10"),
    Value("txt",    "double.*.txt.resid_post", "txt", "encoder_hidden_states", "txt",         "10"),
    Value("α",      "single.*.mod.gate", "mod.gate", "gate",                "mod.gate",       "11"),
    Value("x",      "single.*.resid_post", "x",    "hidden_states",         "x",              "11"),
    Value("v",      "out.velocity", "pred",        "noise_pred",            "model_pred",     "12"),
    Value("x_t′",   "step.x_next",  "img",         "prev_sample",           "",               "13"),
)

WEIGHTS = (
    Weight("img_in",                         "embed.img",                "05"),
    Weight("txt_in",                         "embed.txt",                "03"),
    Weight("time_in.in_layer",               "embed.t",                  "06"),
    Weight("time_in.out_layer",              "embed.t",                  "06"),
    Weight("vector_in.in_layer",             "embed.clip",               "06"),
    Weight("vector_in.out_layer",            "embed.clip",               "06"),
    Weight("guidance_in.in_layer",           "embed.g",                  "06"),
    Weight("guidance_in.out_layer",          "embed.g",                  "06"),
    Weight("final_layer.adaLN_modulation.1", "final.mod",                "12"),
    Weight("final_layer.linear",             "out.velocity",             "12"),
    *(
        Weight(f"double_blocks.*.{stream}_{layer}", f"double.*.{stream}.{point}", chapter)
        for stream in ("img", "txt")
        for layer, point, chapter in (
            ("mod.lin",               "mod.shift1", "08"),
            ("attn.qkv",              "q_raw",      "09"),
            ("attn.norm.query_norm",  "q",          "09"),
            ("attn.norm.key_norm",    "k",          "09"),
            ("attn.proj",             "attn_out",   "10"),
            ("mlp.0",                 "mlp_pre",    "10"),
            ("mlp.2",                 "mlp_out",    "10"),
        )
    ),
    Weight("single_blocks.*.modulation.lin",  "single.*.mod.shift",      "11"),
    Weight("single_blocks.*.linear1",         "single.*.mlp_pre",        "11"),
    Weight("single_blocks.*.norm.query_norm", "single.*.q",              "11"),
    Weight("single_blocks.*.norm.key_norm",   "single.*.k",              "11"),
    Weight("single_blocks.*.linear2",         "single.*.out",            "11"),
)

NUMBERS = (
    Number("t_i", "fluxlearn.sampling.schedule.make_schedule", "get_schedule", "sigmas",
           "", "1 − i / steps, then shifted", "13"),
    Number("μ", "fluxlearn.sampling.schedule.shift_for", "mu", "mu",
           "flux_shift", f"{SMALL[1]} + (img − {SMALL[0]}) · ({LARGE[1]} − {SMALL[1]}) / ({LARGE[0]} − {SMALL[0]})", "13"),
    Number("t′", "fluxlearn.sampling.schedule.time_shift", "time_shift", "time_shift",
           "discrete_flow_shift", "e^μ / (e^μ + 1/t − 1)", "13"),
)
# fmt: on
