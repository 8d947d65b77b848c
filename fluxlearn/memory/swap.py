"""Block swap: weights wander between the computer's memory and the device's while blocks compute.

    with swapping(flux, 16, "cuda"):
        flux(...)

On the device there are rooms for as many blocks as are not swapped. When a block has run, the next
one that is missing is copied into its room: on a stream of its own, from pinned memory, so that the
copy runs beside the computation. On a CPU it is a plain copy, and all else is the same.

Weights that wander are frozen: nothing has to be copied back, and half of sd-scripts' traffic is
saved. Low-rank patches and whatever else is trained stay on the device.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from fluxlearn.memory.around import Forward, around
from fluxlearn.memory.swap_schedule import Move, Schedule, schedule, share
from fluxlearn.model.calls import flux_of
from fluxlearn.model.flux import Flux

Weights = dict[str, Tensor]


@contextmanager
def swapping(model: Any, swapped: int, device: str | torch.device = "cuda") -> Iterator[None]:
    """Compute on a device that cannot hold all blocks; afterwards the model is where it was.

    model    a Pipeline or a Flux, on the CPU.
    swapped  half of them double blocks, and twice the other half single blocks: up to 35 of
             FLUX.1-dev, see `share`.

    Raises TypeError for anything else, ValueError for a model that is not on the CPU, whose blocks
    are trained, or that has too few of them.
    """
    flux = flux_of(model)
    _check(flux)
    stacks = (flux.double_blocks, flux.single_blocks)
    plans = [schedule(len(blocks), n) for blocks, n in zip(stacks, share(swapped), strict=True)]
    before = {parameter: parameter.data for parameter in flux.parameters()}
    with ExitStack() as stack:
        stack.callback(_put_back, before)
        for blocks, plan in zip(stacks, plans, strict=True):
            stack.enter_context(Swapper(list(blocks), plan, torch.device(device)).at_work())
        for parameter in flux.parameters():
            parameter.data = parameter.data.to(device)
        yield


class Swapper:
    """One kind of blocks, their rooms on the device, and who is in which."""

    def __init__(self, blocks: Sequence[nn.Module], plan: Schedule, device: torch.device) -> None:
        """Take blocks on the CPU, and move those in that come first."""
        self.plan, self.device = plan, device
        self.blocks = [dict(block.named_parameters()) for block in blocks]
        self.modules = blocks
        self.copying = torch.cuda.Stream(device) if device.type == "cuda" else None
        self.arrivals: dict[int, torch.cuda.Event] = {}
        self.homes = {i: self._home(i) for i in range(len(blocks))} if plan.swapped else {}
        self.moves = plan.round_trip
        self.rooms: dict[int, Weights] = {}
        for i, home in self.homes.items():
            if i in plan.first:
                self.rooms[i] = {key: weight.to(device, copy=True) for key, weight in home.items()}
                self._enter(i)
            else:
                self._leave(i)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Move weights around every call of the blocks."""
        indices = {id(module): i for i, module in enumerate(self.modules)}

        def wrap(block: nn.Module, forward: Forward) -> Forward:
            return partial(self._call, indices[id(block)], forward)

        with around(self.modules, wrap):
            yield

    def _call(self, i: int, forward: Forward, *arguments: Tensor) -> Any:
        if not self.homes or _is_backward():  # in a backward pass, checkpointing runs blocks again
            return forward(*arguments)
        if i == 0:
            self._to_first_places()
            self.moves = self.plan.forward if self._comes_back(arguments) else self.plan.round_trip
        self._wait_for(i)
        result = forward(*arguments)
        # A double block has two streams, and its backward pass begins with either of them.
        for stream in (result,) if isinstance(result, Tensor) else result:
            if stream.requires_grad:
                stream.register_hook(partial(self._way_back, i))
        self._move(self.moves[i])
        return result

    def _comes_back(self, arguments: Sequence[Tensor]) -> bool:
        """Whether a backward pass can follow."""
        weights = (weight for block in self.blocks for weight in block.values())
        return torch.is_grad_enabled() and any(t.requires_grad for t in (*arguments, *weights))

    def _way_back(self, i: int, gradient: Tensor) -> None:
        """A gradient of what block i gave is there: block i + 1 has passed, i is next."""
        move = self.plan.backward[i + 1] if i + 1 < len(self.blocks) else None
        if move and move.comes not in self.rooms:
            self._move(move)
        if i not in self.rooms:
            raise RuntimeError(
                f"block {i} is not on the device, because another pass ran since its forward pass. "
                f"Run each backward pass before the next forward pass."
            )
        self._wait_for(i)

    def _move(self, move: Move | None) -> None:
        if move is None:
            return
        room = self.rooms.pop(move.leaves)
        self._leave(move.leaves)
        self.rooms[move.comes] = room
        if self.copying:  # not before the block that leaves has been computed
            self.copying.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(self.copying) if self.copying else nullcontext():
            for key, weight in self.homes[move.comes].items():
                room[key].copy_(weight, non_blocking=True)
        if self.copying:
            self.arrivals[move.comes] = torch.cuda.Event()
            self.arrivals[move.comes].record(self.copying)
        self._enter(move.comes)

    def _wait_for(self, i: int) -> None:
        if self.copying and i in self.arrivals:
            torch.cuda.current_stream(self.device).wait_event(self.arrivals[i])

    def _to_first_places(self) -> None:
        """Undo what a pass left that was broken off, or that no backward pass followed."""
        missing = [i for i in self.plan.first if i not in self.rooms]
        others = [i for i in self.rooms if i not in self.plan.first]
        for leaves, comes in zip(others, missing, strict=True):
            self._move(Move(leaves, comes))

    def _home(self, i: int) -> Weights:
        """A block's weights but for patches, in memory from which a device copies by itself."""
        frozen = {k: p.data for k, p in self.blocks[i].items() if "patches" not in k}
        if self.device.type != "cuda":
            return frozen
        return {key: weight.pin_memory() for key, weight in frozen.items()}

    def _enter(self, i: int) -> None:
        for key, weight in self.rooms[i].items():
            self.blocks[i][key].data = weight

    def _leave(self, i: int) -> None:
        for key in self.homes[i]:
            parameter = self.blocks[i][key]
            parameter.data = torch.empty(0, dtype=parameter.dtype, device=self.device)


def _is_backward() -> bool:
    return torch._C._current_graph_task_id() != -1


def _put_back(before: dict[nn.Parameter, Tensor]) -> None:
    for parameter, data in before.items():
        # What was trained meanwhile keeps its change; what wandered was not trained.
        parameter.data = parameter.data.to(data.device) if parameter.requires_grad else data


def _check(flux: Flux) -> None:
    if flux.img_in.weight.device.type != "cpu":
        raise ValueError(
            f"the model is on {flux.img_in.weight.device}, but weights wander from the computer's "
            f"memory. Load it with device='cpu'."
        )
    for name, parameter in flux.named_parameters():
        if parameter.requires_grad and "blocks." in name and "patches" not in name:
            raise ValueError(
                f"{name} is trained, but weights that wander are frozen. Call "
                f"flux.requires_grad_(False) and train a LoRA, or use checkpointing alone."
            )
        if parameter.is_meta:
            raise ValueError(f"{name} is not in memory. Load the model without stream=True.")
