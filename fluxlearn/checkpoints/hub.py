"""Files from the Hugging Face hub, once; afterwards from its cache.

What huggingface_hub does well is left to it: progress, resuming, several files at once, and its
variables. Its errors are told again in our words, with the page to open and the variable to set.

    HF_TOKEN          who is asking, for models whose licence has to be agreed to
    HF_HOME           where the cache is
    HF_HUB_OFFLINE    1: use the cache only
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fluxlearn.checkpoints.checkpoint import Checkpoint, Place
from fluxlearn.checkpoints.header import Header
from fluxlearn.checkpoints.ranges import fetch_part
from fluxlearn.checkpoints.recognise import first_blocks, recognise
from fluxlearn.config import FluxConfig

Blocks = tuple[int | None, int | None]


def fetch(repo: str, patterns: tuple[str, ...], revision: str | None = None) -> Path:
    """The folder with these files of a repository; what is not there yet is downloaded.

    patterns  file names, or globs such as `text_encoder/*`.
    revision  a branch, a tag or a commit; `main` unless said.

    Raises PermissionError, FileNotFoundError, ValueError or ConnectionError, with the cure.
    """
    from huggingface_hub import snapshot_download

    with told_in_our_words(repo, revision):
        folder = Path(snapshot_download(repo, revision=revision, allow_patterns=list(patterns)))
    for pattern in patterns:
        # Offline, an incomplete folder of the cache is given out as it is.
        if not any(folder.glob(pattern)):
            raise FileNotFoundError(
                f"{repo} at {revision or 'main'} has no {pattern}, or it was never downloaded and "
                f"the hub cannot be asked. Unset HF_HUB_OFFLINE, or give another revision."
            )
    return folder


def fetch_blocks(repo: str, file: str, blocks: Blocks, revision: str | None = None) -> Path:
    """A file with a flow model's first blocks only, of which nothing else is downloaded.

    Raises as `fetch` does, and ValueError when the model has fewer blocks.
    """

    def choose(header: Header, name: str) -> list[str]:
        places = {key: Place(file=Path(name), stored=s) for key, s in header.tensors.items()}
        whole = Checkpoint(source=name, places=places, metadata=header.metadata)
        return list(first_blocks(recognise(whole, FluxConfig), *blocks).checkpoint)

    label = "first-" + "-".join("all" if count is None else str(count) for count in blocks)
    with told_in_our_words(repo, revision):
        return fetch_part(repo, file, label, choose, revision)


@contextmanager
def told_in_our_words(repo: str, revision: str | None) -> Iterator[None]:
    """Turn errors of the hub into errors that say what to do."""
    from huggingface_hub import constants, errors

    page = f"{constants.ENDPOINT}/{repo}"
    try:
        yield
    except errors.RevisionNotFoundError:
        raise ValueError(
            f"revision is {revision!r}, but {repo} has none of that name. {page}/commits/main "
            f"lists them."
        ) from None
    except errors.RepositoryNotFoundError as error:  # also of gated models, without a token
        raise PermissionError(_closed(repo, page, error)) from None
    except errors.LocalEntryNotFoundError as error:
        if isinstance(error.__cause__, errors.OfflineModeIsEnabled) or constants.HF_HUB_OFFLINE:
            raise FileNotFoundError(_offline(repo)) from None
        raise ConnectionError(_unreachable(page, error.__cause__ or error)) from None
    except errors.OfflineModeIsEnabled:
        raise FileNotFoundError(_offline(repo)) from None
    except errors.EntryNotFoundError as error:
        raise FileNotFoundError(
            f"{page} has no such file ({_first_line(error)}). Is it in another revision?"
        ) from None
    except errors.HfHubHTTPError as error:
        if error.response.status_code in (401, 403):
            raise PermissionError(_closed(repo, page, error)) from None
        raise ConnectionError(_unreachable(page, error)) from None
    except Exception as error:
        # Lost connections are errors of the HTTP library, which is another one in each version.
        if type(error).__module__.partition(".")[0] not in ("httpx", "httpx2"):
            raise
        raise ConnectionError(_unreachable(page, error)) from None


def _closed(repo: str, page: str, error: Exception) -> str:
    from huggingface_hub import get_token

    known = "The token in use is not admitted." if get_token() else "No token is set."
    return (
        f"{repo} is not open to you ({_first_line(error)}). {known} Open {page}, sign in and agree "
        f"to the licence; then set HF_TOKEN to a token of that account, which its settings give "
        f"out under Access Tokens."
    )


def _offline(repo: str) -> str:
    return (
        f"{repo} is not in the cache, at least not all that is needed of it, and HF_HUB_OFFLINE "
        f"forbids to ask the hub. Unset it, or set HF_HOME to where the files are."
    )


def _unreachable(page: str, error: BaseException) -> str:
    return (
        f"{page} cannot be reached ({_first_line(error)}). What has come so far is kept: call "
        f"again and the download goes on."
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
